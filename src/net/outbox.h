/* outbox — bytes for one connection that its socket would not take yet: bounded, in their order.
 * Belongs to the connection. No memory while it is empty. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_OUTBOX_H
#define NET_OUTBOX_H

#include "base/span.h"

enum {
    OUTBOX_DATA_MAX = 256 * 1024, /* bytes in all from which on relayed data is dropped */
    OUTBOX_REPLY_MAX = 64 * 1024, /* bytes of replies from which on no request is read */
    OUTBOX_REPLY_LOW = 16 * 1024, /* and down to which it must drain to read again */
};

/* A zeroed one is empty. */
struct outbox {
    uint8_t *bytes;   /* owned */
    uint32_t first;   /* of what is unsent */
    uint32_t size;    /* unsent */
    uint32_t room;    /* of `bytes` */
    uint32_t replies; /* unsent bytes of replies: what may never be dropped */
    uint32_t frame;   /* bytes that are left of the message at `first`; 0: it is whole */
    bool is_reply;    /* that message is one */
};

/* outbox_fini — forget everything unsent and release the memory. Never fails. */
void outbox_fini(struct outbox *o);

/* outbox_is_reply — whether a message is one that may not be dropped: all but ChannelData and Data
 * indications. Never fails. */
bool outbox_is_reply(struct span message);

/* outbox_put — append a message, or the unsent end of one, copied. `sent` is how much of it, at its
 * front, has gone out already: then it must be first. Returns false, nothing appended, when memory
 * is short. */
bool outbox_put(struct outbox *o, struct span message, size_t sent);

/* outbox_put_raw — append bytes that are no messages; one box takes one kind. Returns false when
 * memory is short. */
bool outbox_put_raw(struct outbox *o, struct span bytes);

/* outbox_is_full — whether a relayed message of `size` bytes has to be dropped. Never fails. */
static inline bool outbox_is_full(const struct outbox *o, size_t size)
{
    return o->size + size > OUTBOX_DATA_MAX;
}

/* outbox_unsent — what is to be sent next, borrowed until the next call. Never fails. */
static inline struct span outbox_unsent(const struct outbox *o)
{
    return (struct span){o->bytes + o->first, o->size};
}

/* outbox_sent — `size` bytes of the unsent ones, at their front, have gone out. `is_raw`: they are
 * no messages. Memory is released with the last. Never fails. */
void outbox_sent(struct outbox *o, size_t size, bool is_raw);

#endif
