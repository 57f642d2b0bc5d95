/* ports — which relay ports are taken, by which worker, on every relay address of this process.
 * Any thread: ports are atomics, reservations are under a mutex no data path takes.
 *
 * A block of 64 ports is one word of bits. Workers lease blocks as they meet them in random order
 * and stay within their own while there is room, so that they do not contend; when nothing is left
 * to lease they take ports from each other's, so that every port of the range can be used. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_PORTS_H
#define NET_PORTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/mono.h"
#include "base/netaddr.h"

enum {
    PORTS_HOSTS_MAX = 250,
    PORTS_BLOCKS = 1024, /* of 64 ports */
    PORTS_TOKEN_SIZE = 8,
    PORTS_RESERVED_MAX = 1024,
    PORTS_RESERVED_FOR = 30,  /* seconds, RFC 8656 7.2 */
    PORTS_RESERVED_EACH = 64, /* kept for one account at a time: they are outside its quota */
};

enum ports_want { PORTS_ANY, PORTS_EVEN, PORTS_PAIR };

/* The ports of one relay address. */
struct ports_host {
    struct netaddr address; /* port 0; of no family: a place to be used again */
    _Atomic uint64_t used[PORTS_BLOCKS];
    _Atomic uint8_t lease[PORTS_BLOCKS]; /* worker + 1, or 0 */
    _Atomic uint8_t live[65536];         /* worker + 1 where an endpoint is open, or 0 */
};

/* An odd port that waits, bound, for the holder of a token. */
struct ports_reserved {
    uint8_t token[PORTS_TOKEN_SIZE];
    uint64_t account;
    struct mono until;
    int fd;
    uint16_t port;
    uint8_t host;
    bool is_used;
};

struct ports {
    uint16_t first, last; /* the range, both ends in it */
    pthread_mutex_t lock; /* of adding hosts and of reservations */
    int host_count;
    struct ports_host *host[PORTS_HOSTS_MAX];
    struct ports_reserved reserved[PORTS_RESERVED_MAX];
    size_t reserved_count; /* places that may be used */
};

/* ports_new — no addresses yet; the range from `first` to `last`. Returns new, freed with
 * ports_free; NULL when memory is short. */
struct ports *ports_new(uint16_t first, uint16_t last);

/* ports_free — free it, closing reserved sockets; NULL is taken. Never fails. */
void ports_free(struct ports *p);

/* ports_host — the number of a relay address, known from now on. Returns -1 when there are too many
 * or memory is short. */
int ports_host(struct ports *p, const struct netaddr *address);

/* ports_keep — forget the relay addresses that are not among these `count` and of which no port is
 * taken, so that addresses may come and go for years. The control thread's. Never fails. */
void ports_keep(struct ports *p, const struct netaddr *addresses, size_t count);

/* ports_take — take a random port (for PORTS_PAIR the even one of two) for `worker` (below 255).
 * Returns 0 when none is left. RFC 6056. */
uint16_t ports_take(struct ports *p, int host, unsigned worker, enum ports_want want);

/* ports_give — give a port back. Never fails. */
void ports_give(struct ports *p, int host, uint16_t port);

/* ports_set_live — say that an endpoint is open on a port taken by `worker`, or no longer. Never
 * fails. */
void ports_set_live(struct ports *p, int host, uint16_t port, unsigned worker, bool is_live);

/* ports_reserve — keep a taken and bound port for whoever shows `token` as `account` before its
 * time is over; the socket is taken over. Returns false, nothing taken, when too many are kept, in
 * all or for this account. */
bool ports_reserve(struct ports *p, const struct ports_reserved *what);

/* ports_claim — take over what is kept under a token for this account. Returns false when there is
 * no such token, it is another's, used, or its time is over. */
bool ports_claim(struct ports *p, const uint8_t token[PORTS_TOKEN_SIZE], uint64_t account,
                 struct mono now, struct ports_reserved *out);

/* ports_expire — give back what was kept in vain; call every second or so. Never fails. */
void ports_expire(struct ports *p, struct mono now);

#endif
