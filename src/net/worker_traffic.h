/* worker_traffic — what comes in, judged and sent on: the one way of every datagram and message.
 * The worker's thread.
 *
 *   from clients -> forward_from_client -> to_peer  -> backend->send
 *                        | control -> turn_receive -> to_client \
 *   from peers   -> forward_from_peer   -> to_client -----------+-> stream_send, listener_send  */
/* SPDX-License-Identifier: MIT */
#ifndef NET_WORKER_TRAFFIC_H
#define NET_WORKER_TRAFFIC_H

#include "net/worker_state.h"

/* worker_traffic_flush — send what is filed for clients. Never fails. */
void worker_traffic_flush(struct worker *w);

/* worker_traffic_reply — file a message of the engine for a client; copied. Never fails. */
void worker_traffic_reply(struct worker *w, const struct path *to, const uint8_t *bytes,
                          size_t size);

/* worker_traffic_file_sealed — file a datagram of a DTLS session; copied. Never fails. */
void worker_traffic_file_sealed(struct worker *w, const struct path *to, const uint8_t *bytes,
                                size_t size, uint8_t tos, bool is_data);

/* worker_traffic_from_clients — everything that `count` packets from clients (at most BATCH_SIZE)
 * lead to: data is filed, and sent before the engine sees a request, since that may close the
 * endpoint the data leaves by. Never fails. */
void worker_traffic_from_clients(struct worker *w, struct packet *packets, size_t count);

/* worker_traffic_from_peers — the same for the batch, which came from peers. Never fails. */
void worker_traffic_from_peers(struct worker *w);

#endif
