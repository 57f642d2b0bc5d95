/* stream — messages in and out of a client's TCP or TLS connection.
 * Belongs to one worker.
 *
 *     in:   kept beginning + what is read -> frames -> packets, which point into the input
 *     out:  what one batch has for a connection leaves together, or waits in its outbox      */
/* SPDX-License-Identifier: MIT */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "wire/frame.h"
#include "net/batch.h"
#include "net/connection.h"

enum {
    STREAM_READ = 64 * 1024,    /* bytes read at a time */
    STREAM_READ_UNKNOWN = 4096, /* of a client that has no allocation yet, what is kept included */
    STREAM_INPUT_SIZE = FRAME_MAX + STREAM_READ,
};

/* The input of the connection that is being read; one for all of a worker. */
struct stream {
    uint8_t *bytes; /* owned, STREAM_INPUT_SIZE */
    uint8_t *at;    /* what is not cut yet */
    size_t left;
    size_t last; /* bytes of the message that was cut last */
    bool is_bad; /* what is there is no message */
};

/* stream_init — returns false when memory is short. */
bool stream_init(struct stream *s);

/* stream_fini — free it. Never fails. */
void stream_fini(struct stream *s);

/* stream_read — have the input hold what was kept of the connection, and one reading more where
 * there is room. Returns CONNECTION_DONE when there may be more to read; what was kept is there in
 * any case. */
enum connection_io stream_read(struct stream *s, struct connection *c);

/* stream_cut — cut packets off the input, at most `room`, each with the connection's path. The last
 * one is a ConnectionBind, if there is one: bytes behind it may be a peer's, RFC 6062 4.3. Returns
 * how many; 0 with s->is_bad when what follows is no message. */
size_t stream_cut(struct stream *s, const struct connection *c, struct packet *out, size_t room);

/* stream_return — put the message that was cut last back, to be cut again. Never fails. */
void stream_return(struct stream *s);

/* stream_keep — keep what was not cut for the next time. Returns false when memory is short. */
bool stream_keep(struct stream *s, struct connection *c);

/* stream_send — send what the batch has for TCP and TLS clients, and take it out of the batch.
 * Relayed messages are dropped, and counted, where 256 KiB wait already; replies never. */
void stream_send(struct connection_set *set, struct batch *b, struct flow_counts *counts,
                 struct mono now);

#endif
