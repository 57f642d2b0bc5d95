/* splice — two connections joined: what one says, the other is told, as fast as it will hear it.
 * A client and its peer (RFC 6062), or a client and the web server behind a listener.
 * Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_SPLICE_H
#define NET_SPLICE_H

#include "net/connection.h"

enum { SPLICE_BUFFER_SIZE = 16384 };

/* splice_connect — begin to connect to `to`, from `from` where its family is not NONE (a port that
 * others may be bound to, too). Returns the connection, in CONNECTION_CONNECTING; NULL when that is
 * impossible at once. */
struct connection *splice_connect(struct connection_set *set, const struct netaddr *from,
                                  const struct netaddr *to, struct mono now);

/* splice_is_connected — what became of one in CONNECTION_CONNECTING that is ready. False: refused,
 * or not reached. */
bool splice_is_connected(const struct connection *c);

/* splice_join — join two connections: what is kept of either goes to the other, in the next turn of
 * the loop at the latest. One of them may still be connecting. Never fails. */
void splice_join(struct connection_set *set, struct connection *a, struct connection *b,
                 struct mono now);

/* splice_move — move what can be moved of a joined connection that is ready, both ways. `buffer`
 * has SPLICE_BUFFER_SIZE bytes. Returns false when the two are at their end: close both. */
bool splice_move(struct connection_set *set, struct connection *c, uint8_t *buffer,
                 struct mono now);

#endif
