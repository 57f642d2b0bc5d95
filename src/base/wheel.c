/* wheel — many deadlines at a coarse grain, hashed by tick. */
/* SPDX-License-Identifier: MIT */
#include "base/wheel.h"

static struct wheel_link *link_of(const struct wheel *w, uint32_t index)
{
    return (struct wheel_link *)(void *)(w->links + (size_t)index * w->stride);
}

void wheel_init(struct wheel *w, void *links, size_t stride, uint64_t grain, struct mono now)
{
    w->links = links;
    w->stride = stride;
    w->grain = grain;
    w->tick = now.ns / grain + 1;
    w->waiting = 0;
    for (int i = 0; i < WHEEL_SLOTS; i++) {
        w->head[i] = WHEEL_NONE;
    }
}

/* is_due — whether the time of a link has come at the wheel's tick; right across the wrap of the
 * 32 bits that a link has for it. */
static bool is_due(const struct wheel *w, const struct wheel_link *link)
{
    return (int32_t)((uint32_t)w->tick - link->due) >= 0;
}

static void push(struct wheel *w, uint32_t index, uint64_t at)
{
    struct wheel_link *link = link_of(w, index);
    uint32_t due = (uint32_t)at;
    due += due == 0; /* 0 means "not on the wheel": such a one waits a tick longer */
    uint32_t *head = &w->head[due % WHEEL_SLOTS];
    *link = (struct wheel_link){.next = *head, .before = WHEEL_NONE, .due = due};
    if (*head != WHEEL_NONE) {
        link_of(w, *head)->before = index;
    }
    *head = index;
    w->waiting++;
}

/* tick_of — the first tick not before a deadline that is still to come. */
static uint64_t tick_of(const struct wheel *w, struct mono deadline)
{
    uint64_t due = (deadline.ns + w->grain - 1) / w->grain + 1;
    return due < w->tick ? w->tick : due;
}

void wheel_put(struct wheel *w, uint32_t index, struct mono deadline)
{
    wheel_remove(w, index);
    push(w, index, tick_of(w, deadline));
}

void wheel_hasten(struct wheel *w, uint32_t index, struct mono deadline)
{
    const struct wheel_link *link = link_of(w, index);
    uint64_t due = tick_of(w, deadline);
    if (link->due == 0 || (int32_t)(link->due - (uint32_t)due) > 0) {
        wheel_remove(w, index);
        push(w, index, due);
    }
}

void wheel_remove(struct wheel *w, uint32_t index)
{
    struct wheel_link *link = link_of(w, index);
    if (link->due == 0) {
        return;
    }
    if (link->before != WHEEL_NONE) {
        link_of(w, link->before)->next = link->next;
    } else {
        w->head[link->due % WHEEL_SLOTS] = link->next;
    }
    if (link->next != WHEEL_NONE) {
        link_of(w, link->next)->before = link->before;
    }
    link->due = 0;
    w->waiting--;
}

uint32_t wheel_take_due(struct wheel *w, struct mono now)
{
    uint64_t reached = now.ns / w->grain + 1;
    if (w->waiting == 0) {
        w->tick = reached < w->tick ? w->tick : reached;
        return WHEEL_NONE;
    }
    if (reached > w->tick + WHEEL_SLOTS) {
        w->tick = reached - WHEEL_SLOTS; /* after a long rest one turn meets all there are */
    }
    while (w->tick <= reached) {
        /* Those of a later turn of the wheel stay; they are met once a turn. */
        for (uint32_t i = w->head[w->tick % WHEEL_SLOTS]; i != WHEEL_NONE;) {
            struct wheel_link *link = link_of(w, i);
            uint32_t next = link->next;
            if (is_due(w, link)) {
                wheel_remove(w, i);
                return i;
            }
            i = next;
        }
        if (w->tick == reached) {
            break; /* the present tick may still be added to */
        }
        w->tick++;
    }
    return WHEEL_NONE;
}

struct mono wheel_next(const struct wheel *w)
{
    if (w->waiting == 0) {
        return (struct mono){0};
    }
    /* The present slot may have records by now that its taking has not met: look again at its end.
     * Any other is reached a tick after the one before it began. */
    uint64_t tick = w->tick;
    while (w->head[tick % WHEEL_SLOTS] == WHEEL_NONE) {
        tick++; /* some slot has one */
    }
    return (struct mono){(tick == w->tick ? tick : tick - 1) * w->grain};
}
