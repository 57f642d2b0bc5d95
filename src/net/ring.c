/* ring — datagrams that came to the wrong worker. */
/* SPDX-License-Identifier: MIT */
#include "net/ring.h"

#include <string.h>

void ring_init(struct ring *r)
{
    atomic_store(&r->head, 0);
    r->tail = 0;
    atomic_store(&r->dropped, 0);
    for (uint32_t i = 0; i < RING_SLOTS; i++) {
        atomic_store(&r->slot[i].turn, i);
    }
}

bool ring_put(struct ring *r, const struct packet *p, const struct listener_local *local)
{
    uint32_t at = atomic_load_explicit(&r->head, memory_order_relaxed);
    struct ring_slot *slot;
    if (p->size > RING_BYTES) {
        atomic_fetch_add(&r->dropped, 1);
        return false;
    }
    for (;;) {
        slot = &r->slot[at % RING_SLOTS];
        uint32_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
        if (turn == at) {
            if (atomic_compare_exchange_weak(&r->head, &at, at + 1)) {
                break;
            }
        } else if ((int32_t)(turn - at) < 0) {
            atomic_fetch_add(&r->dropped, 1);
            return false;
        } else {
            at = atomic_load_explicit(&r->head, memory_order_relaxed);
        }
    }
    slot->listener = p->path.listener;
    slot->client = p->path.client.a;
    slot->local = *local;
    slot->tos = p->tos;
    slot->size = (uint16_t)p->size;
    memcpy(slot->bytes, p->bytes, p->size);
    atomic_store_explicit(&slot->turn, at + 1, memory_order_release);
    return true;
}

bool ring_take(struct ring *r, struct packet *p, struct listener_local *local)
{
    struct ring_slot *slot = &r->slot[r->tail % RING_SLOTS];
    if (atomic_load_explicit(&slot->turn, memory_order_acquire) != r->tail + 1) {
        return false;
    }
    p->path = (struct path){
        .kind = PATH_UDP,
        .listener = slot->listener,
        .client = {slot->client},
    };
    *local = slot->local;
    p->tos = slot->tos;
    p->size = slot->size;
    memcpy(p->bytes, slot->bytes, slot->size);
    atomic_store_explicit(&slot->turn, r->tail + RING_SLOTS, memory_order_release);
    r->tail++;
    return true;
}
