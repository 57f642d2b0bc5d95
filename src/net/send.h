/* send — datagrams that leave one socket together.
 * Belongs to one worker, for the length of a flush. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_SEND_H
#define NET_SEND_H

#include "net/batch.h"

static_assert(BATCH_SIZE <= 32, "a bit for each");

struct send_list {
    size_t count;
    uint32_t refused; /* bit i: the kernel refused datagram i in the last flush */
    struct mmsghdr message[BATCH_SIZE];
    struct iovec iov[BATCH_SIZE];
    struct sockaddr_storage to[BATCH_SIZE];
    _Alignas(struct cmsghdr) uint8_t control[BATCH_SIZE][BATCH_CONTROL_SIZE];
};

/* send_begin — an empty list. Never fails. */
static inline void send_begin(struct send_list *list)
{
    list->count = 0;
}

/* send_add — append a datagram, at most BATCH_SIZE of them; bytes borrowed until the flush.
 * `scope` is the interface of a link-local IPv6 address, else 0. Never fails. */
void send_add(struct send_list *list, uint8_t *bytes, size_t size, const struct netaddr *to,
              uint32_t scope);

/* send_tos — have the last one added carry this DSCP and ECN; 0 is the socket's own. Never fails.
 */
void send_tos(struct send_list *list, uint8_t family, uint8_t tos);

/* send_source — have the last one added leave from this local address. Never fails. */
void send_source(struct send_list *list, const struct netaddr *local, uint32_t scope);

/* send_flush — send them all through `fd`; what the kernel refuses is skipped, the rest is sent,
 * and an old ICMP error never costs another peer's packet. Returns how many were refused;
 * list->refused tells which. */
size_t send_flush(struct send_list *list, int fd);

#endif
