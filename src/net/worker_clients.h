/* worker_clients — the connections a worker serves, from accept to the end of each.
 * The worker's thread.
 *
 *   acceptor -> opening -> handshake -> frames -> worker_traffic
 *                  \____________\________\_____-> splice, to a web server or a peer
 *   datagrams -> dtls -> worker_traffic                                            */
/* SPDX-License-Identifier: MIT */
#ifndef NET_WORKER_CLIENTS_H
#define NET_WORKER_CLIENTS_H

#include "net/worker_state.h"

/* worker_clients_init — no connections. Returns false when memory or descriptors are short. */
bool worker_clients_init(struct worker *w);

/* worker_clients_fini — close them all. Never fails. */
void worker_clients_fini(struct worker *w);

/* worker_clients_accept — take what waits at a listener, so many at a time. Returns false when
 * descriptors or memory are short: the listener should rest for a while. */
bool worker_clients_accept(struct worker *w, uint16_t number, int fd);

/* worker_clients_serve — handle those connections that are ready, and those put off. Never fails.
 */
void worker_clients_serve(struct worker *w);

/* worker_clients_open — go on with those that are ready and not open yet: a bounded number of
 * handshake steps. Never fails. */
void worker_clients_open(struct worker *w);

/* worker_clients_datagrams — handle what of the batch is DTLS: the rest of the batch, and the
 * messages found in it, are STUN and ChannelData for worker_traffic. Never fails. */
void worker_clients_datagrams(struct worker *w);

/* worker_clients_end — end a connection and what hangs on it. Never fails. */
void worker_clients_end(struct worker *w, struct connection *c);

/* worker_clients_call — accept the peers that wait at a relayed address of TCP. Never fails. */
void worker_clients_call(struct worker *w, uint32_t endpoint);

/* worker_clients_expire — end those whose time is over. Never fails. */
void worker_clients_expire(struct worker *w);

#endif
