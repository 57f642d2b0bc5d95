/* batch — the buffers of one worker: what was received together, and what is to be sent.
 * Belongs to one worker. Everything is allocated once; a page is touched when a datagram needs it.
 */
/* SPDX-License-Identifier: MIT */
#ifndef NET_BATCH_H
#define NET_BATCH_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "relay/forward.h"

enum {
    BATCH_SIZE = 32,          /* datagrams handled together */
    BATCH_CONTROL_SIZE = 128, /* ancillary data of one datagram */
    BATCH_SEALED = 17408,     /* a DTLS record at its largest, and some */
};

/* A datagram to be sent to a peer. */
struct batch_to_peer {
    uint8_t *bytes; /* borrowed from the packet */
    uint32_t length;
    uint32_t endpoint;
    struct peer_addr peer;
    uint8_t tos;
    bool df;
};

/* A datagram to be sent to a client. */
struct batch_to_client {
    uint8_t *bytes;
    uint32_t length;
    struct path path;
    uint8_t tos;
    bool is_data; /* relayed, hence counted */
};

struct batch {
    struct packet packet[BATCH_SIZE];
    size_t count;
    struct mmsghdr in[BATCH_SIZE];
    struct iovec in_iov[BATCH_SIZE];
    struct sockaddr_storage from[BATCH_SIZE];
    _Alignas(struct cmsghdr) uint8_t control[BATCH_SIZE][BATCH_CONTROL_SIZE];
    struct batch_to_peer to_peer[BATCH_SIZE];
    size_t to_peer_count;
    struct batch_to_client to_client[BATCH_SIZE];
    size_t to_client_count;
    uint8_t *buffers; /* owned */
    uint8_t *sealed;  /* owned; BATCH_SEALED bytes for each of to_client, DTLS records go there */
};

/* batch_new — returns new, freed with batch_free; NULL when memory is short. */
struct batch *batch_new(void);

/* batch_free — free it; NULL is taken. Never fails. */
void batch_free(struct batch *b);

/* batch_begin — forget what was received; nothing may be left to send. Never fails. */
static inline void batch_begin(struct batch *b)
{
    b->count = 0;
}

/* batch_receive — append what waits on a socket, at most `most` datagrams and what there is room
 * for, with one system call. Fills in bytes, size and tos of the packets; `from` and `control`
 * belong to them by index. Returns how many; 0 when nothing waits or the socket is in error. */
size_t batch_receive(struct batch *b, int fd, size_t most);

#endif
