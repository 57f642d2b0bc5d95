/* connect — relaying over TCP, RFC 6062: Connect, ConnectionAttempt, ConnectionBind.
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_CONNECT_H
#define ENGINE_CONNECT_H

#include "engine/peer_connection.h"

/* connect_handle — begin to connect to the peer that an authentic request by the owner names; the
 * answer comes from connect_finish. Returns 0 when that has begun; else the refusal, as a
 * negative enum refusal_kind. RFC 6062 5.2. */
int connect_handle(struct turn *t, struct request *rq);

/* connect_review — ask the present policy about an allocation's peer connections again, and close
 * those it denies. O(peer connections). Never fails. */
void connect_review(struct turn *t, uint32_t flow, struct now now);

/* connect_passed — count bytes that went through a joined peer connection: `up` from the client,
 * `down` to it. Never fails. */
void connect_passed(struct turn *t, uint32_t link, uint64_t up, uint64_t down);

/* connect_worker — the worker that knows the CONNECTION-ID of a ConnectionBind; our own number
 * where there is none. Never fails. */
unsigned connect_worker(const struct turn *t, const struct request *rq);

/* connect_owner — the allocation that a ConnectionBind is about: its user is who must have signed.
 * Returns its flow; FLOW_NONE when the CONNECTION-ID is unknown, or the allocation is over. */
uint32_t connect_owner(struct turn *t, const struct request *rq);

/* connect_bind_handle — see that the connection of an authentic ConnectionBind can be joined with
 * the peer connection it names. Returns 0 with *link set, to be joined by connect_join behind the
 * answer; else the refusal, negative. RFC 6062 5.4. */
int connect_bind_handle(struct turn *t, const struct request *rq, uint32_t *link);

/* connect_join — the answer is out: the two connections are one. Never fails. */
void connect_join(struct turn *t, const struct request *rq, uint32_t link);

/* connect_finish — what became of a connection to a peer that host->connect began: answer the
 * client's Connect. A failed one is forgotten with that. RFC 6062 5.2. Never fails. */
void connect_finish(struct turn *t, uint32_t link, bool is_connected, struct now now);

/* connect_attempt — a peer has connected to a relayed address of TCP; `number` is net's. Returns
 * its link, the client having been told; PEER_CONNECTION_NONE: close it. RFC 6062 5.3. */
uint32_t connect_attempt(struct turn *t, uint32_t endpoint, const struct peer_addr *peer,
                         uint32_t number, struct now now);

#endif
