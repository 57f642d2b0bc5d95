/* outbox — bytes for one connection that its socket would not take yet.
 *
 *     |  sent  |  unsent, first to last     |  room  |
 *     bytes    first                        first + size
 *
 * Messages lie there as on the wire, which tells where each ends and whether it is a reply. */
/* SPDX-License-Identifier: MIT */
#include "net/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"

enum { LEAST_ROOM = 4096, DATA_INDICATION = 0x0017 };

void outbox_fini(struct outbox *o)
{
    free(o->bytes);
    *o = (struct outbox){.bytes = NULL};
}

/* reach — room for `more` bytes behind the unsent ones: what was sent makes room first. */
static bool reach(struct outbox *o, size_t more)
{
    if ((size_t)o->first + o->size + more <= o->room) {
        return true;
    }
    if (o->first > 0 && o->size + more <= o->room) {
        memmove(o->bytes, o->bytes + o->first, o->size);
        o->first = 0;
        return true;
    }
    size_t room = o->room ? o->room : LEAST_ROOM;
    while (room < o->size + more) {
        room *= 2;
    }
    uint8_t *bytes = malloc(room);
    if (!bytes) {
        return false;
    }
    if (o->size > 0) {
        memcpy(bytes, o->bytes + o->first, o->size);
    }
    free(o->bytes);
    o->bytes = bytes;
    o->room = (uint32_t)room;
    o->first = 0;
    return true;
}

static bool append(struct outbox *o, const uint8_t *bytes, size_t size)
{
    if (!reach(o, size)) {
        return false;
    }
    memcpy(o->bytes + o->first + o->size, bytes, size);
    o->size += (uint32_t)size;
    return true;
}

bool outbox_is_reply(struct span message)
{
    struct reader r = reader_init(message.bytes, message.size);
    uint16_t word = reader_u16(&r);
    return word >> 14 == 0 && word != DATA_INDICATION;
}

bool outbox_put(struct outbox *o, struct span message, size_t sent)
{
    uint32_t left = (uint32_t)(message.size - sent);
    bool is_first = o->size == 0;
    bool is_reply = outbox_is_reply(message);
    if (!append(o, message.bytes + sent, left)) {
        return false;
    }
    if (is_first && sent > 0) {
        o->frame = left;
        o->is_reply = is_reply;
    }
    o->replies += is_reply ? left : 0;
    return true;
}

bool outbox_put_raw(struct outbox *o, struct span bytes)
{
    return append(o, bytes.bytes, bytes.size);
}

/* look — at the message that begins at `first`. */
static void look(struct outbox *o)
{
    struct frame frame;
    struct span rest = outbox_unsent(o);
    (void)frame_cut(rest.bytes, rest.size, FRAME_MAX, &frame);
    o->frame = frame.size;
    o->is_reply = outbox_is_reply(rest);
}

static void pass(struct outbox *o, uint32_t size)
{
    o->first += size;
    o->size -= size;
}

void outbox_sent(struct outbox *o, size_t size, bool is_raw)
{
    uint32_t left = (uint32_t)size;
    while (!is_raw && left > 0) {
        if (o->frame == 0) {
            look(o);
        }
        uint32_t step = left < o->frame ? left : o->frame;
        o->replies -= o->is_reply ? step : 0;
        o->frame -= step;
        left -= step;
        pass(o, step);
    }
    pass(o, left);
    if (o->size == 0) {
        outbox_fini(o);
    }
}
