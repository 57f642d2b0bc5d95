/* ports — which relay ports are taken, by which worker. */
/* SPDX-License-Identifier: MIT */
#include "net/ports.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"
#include "net/entropy_os.h"

#define EVEN_BITS UINT64_C(0x5555555555555555)

enum { BLOCK = 64 };

struct ports *ports_new(uint16_t first, uint16_t last)
{
    struct ports *p = calloc(1, sizeof(*p));
    if (p) {
        p->first = first;
        p->last = last;
        pthread_mutex_init(&p->lock, NULL);
    }
    return p;
}

void ports_free(struct ports *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; i < p->reserved_count; i++) {
        if (p->reserved[i].is_used) {
            close(p->reserved[i].fd);
        }
    }
    for (int i = 0; i < p->host_count; i++) {
        munmap(p->host[i], sizeof(*p->host[i]));
    }
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static int find_host(const struct ports *p, const struct netaddr *address)
{
    for (int i = 0; i < p->host_count; i++) {
        if (netaddr_is_same_host(&p->host[i]->address, address)) {
            return i;
        }
    }
    return -1;
}

/* add_host — a place for an address that has none: a forgotten one, else a new one. */
static int add_host(struct ports *p, const struct netaddr *address)
{
    struct netaddr none = {.family = NETADDR_NONE};
    int at = find_host(p, &none);
    if (at < 0 && p->host_count < PORTS_HOSTS_MAX) {
        /* Fresh pages read as zero and cost nothing until touched. */
        struct ports_host *host =
            mmap(NULL, sizeof(*host), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (host != MAP_FAILED) {
            at = p->host_count++;
            p->host[at] = host;
        }
    }
    if (at >= 0) {
        p->host[at]->address = *address;
        p->host[at]->address.port = 0;
    }
    return at;
}

int ports_host(struct ports *p, const struct netaddr *address)
{
    pthread_mutex_lock(&p->lock);
    int at = find_host(p, address);
    if (at < 0) {
        at = add_host(p, address);
    }
    pthread_mutex_unlock(&p->lock);
    return at;
}

static bool is_among(const struct netaddr *a, const struct netaddr *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (netaddr_is_same_host(a, &list[i])) {
            return true;
        }
    }
    return false;
}

static bool is_unused(const struct ports_host *host)
{
    for (int i = 0; i < PORTS_BLOCKS; i++) {
        if (atomic_load_explicit(&host->used[i], memory_order_relaxed) != 0) {
            return false;
        }
    }
    return true;
}

void ports_keep(struct ports *p, const struct netaddr *addresses, size_t count)
{
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < p->host_count; i++) {
        if (!is_among(&p->host[i]->address, addresses, count) && is_unused(p->host[i])) {
            p->host[i]->address = (struct netaddr){.family = NETADDR_NONE};
        }
    }
    pthread_mutex_unlock(&p->lock);
}

/* in_range — the bits of a block's ports that are within the range. */
static uint64_t in_range(const struct ports *p, unsigned block)
{
    unsigned low = block * BLOCK;
    uint64_t bits = UINT64_MAX;
    if (p->first > low) {
        bits &= UINT64_MAX << (p->first - low);
    }
    if (p->last < low + BLOCK - 1) {
        bits &= UINT64_MAX >> (low + BLOCK - 1 - p->last);
    }
    return bits;
}

/* random_bit — one of the set bits, each as likely as the other. */
static unsigned random_bit(uint64_t bits)
{
    uint32_t skip = entropy_os_u32((uint32_t)__builtin_popcountll(bits));
    while (skip-- > 0) {
        bits &= bits - 1;
    }
    return (unsigned)__builtin_ctzll(bits);
}

/* take_in — take a port, or an even one with the one above, within one block; 0 when it has none.
 */
static uint16_t take_in(struct ports *p, struct ports_host *host, unsigned block,
                        enum ports_want want)
{
    uint64_t range = in_range(p, block);
    uint64_t used = atomic_load_explicit(&host->used[block], memory_order_relaxed);
    for (;;) {
        uint64_t free = ~used & range;
        uint64_t fit = want == PORTS_ANY    ? free
                       : want == PORTS_EVEN ? free & EVEN_BITS
                                            : free & free >> 1 & EVEN_BITS;
        if (fit == 0) {
            return 0;
        }
        unsigned bit = random_bit(fit);
        uint64_t take = UINT64_C(1) << bit | (want == PORTS_PAIR ? UINT64_C(2) << bit : 0);
        if (atomic_compare_exchange_weak(&host->used[block], &used, used | take)) {
            return (uint16_t)(block * BLOCK + bit);
        }
    }
}

/* is_mine — whether the block is leased by this worker, leasing it if nobody has. */
static bool is_mine(struct ports_host *host, unsigned block, uint8_t worker)
{
    uint8_t holder = 0;
    return atomic_compare_exchange_strong(&host->lease[block], &holder, worker) || holder == worker;
}

uint16_t ports_take(struct ports *p, int host_number, unsigned worker, enum ports_want want)
{
    struct ports_host *host = p->host[host_number];
    unsigned from = p->first / BLOCK;
    unsigned count = p->last / BLOCK - from + 1;
    unsigned start = entropy_os_u32(count);
    for (int pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < count; i++) {
            unsigned block = from + (start + i) % count;
            if (pass == 1 || is_mine(host, block, (uint8_t)(worker + 1))) {
                uint16_t port = take_in(p, host, block, want);
                if (port != 0) {
                    return port;
                }
            }
        }
    }
    return 0;
}

void ports_give(struct ports *p, int host, uint16_t port)
{
    atomic_fetch_and(&p->host[host]->used[port / BLOCK], ~(UINT64_C(1) << port % BLOCK));
}

void ports_set_live(struct ports *p, int host, uint16_t port, unsigned worker, bool is_live)
{
    atomic_store_explicit(&p->host[host]->live[port], is_live ? (uint8_t)(worker + 1) : 0,
                          memory_order_relaxed);
}

bool ports_reserve(struct ports *p, const struct ports_reserved *what)
{
    struct ports_reserved *place = NULL;
    int same = 0;
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < p->reserved_count; i++) {
        struct ports_reserved *r = &p->reserved[i];
        place = r->is_used ? place : r;
        same += r->is_used && r->account == what->account ? 1 : 0;
    }
    if (!place && p->reserved_count < PORTS_RESERVED_MAX) {
        place = &p->reserved[p->reserved_count++];
    }
    place = same < PORTS_RESERVED_EACH ? place : NULL;
    if (place) {
        *place = *what;
        place->is_used = true;
    }
    pthread_mutex_unlock(&p->lock);
    return place != NULL;
}

bool ports_claim(struct ports *p, const uint8_t token[PORTS_TOKEN_SIZE], uint64_t account,
                 struct mono now, struct ports_reserved *out)
{
    bool found = false;
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < p->reserved_count && !found; i++) {
        struct ports_reserved *r = &p->reserved[i];
        if (r->is_used && r->account == account && mono_is_before(now, r->until) &&
            secret_is_equal(r->token, token, PORTS_TOKEN_SIZE)) {
            *out = *r;
            r->is_used = false;
            found = true;
        }
    }
    pthread_mutex_unlock(&p->lock);
    return found;
}

void ports_expire(struct ports *p, struct mono now)
{
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < p->reserved_count; i++) {
        struct ports_reserved *r = &p->reserved[i];
        if (r->is_used && !mono_is_before(now, r->until)) {
            close(r->fd);
            ports_give(p, r->host, r->port);
            r->is_used = false;
        }
    }
    pthread_mutex_unlock(&p->lock);
}
