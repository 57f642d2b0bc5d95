/* probe_client — one TURN client: its socket, its credentials, its allocation.
 * One thread. One request at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_CLIENT_H
#define PROBE_PROBE_CLIENT_H

#include "base/entropy.h"
#include "probe/probe_answer.h"
#include "probe/probe_credential.h"

/* What all clients of a check share; pointers borrowed. */
struct probe_client_terms {
    const struct digest *digest;
    const struct entropy *entropy;
    const struct probe_credential *credential; /* NULL: there is none */
    struct probe_socket_terms socket;
    uint64_t timeout_ns; /* of one request */
    bool is_sha256;      /* sign with SHA-256, RFC 8489, not as browsers do */
};

enum { PROBE_CLIENT_ALGORITHMS_MAX = 64 };

struct probe_client {
    const struct probe_client_terms *terms;
    struct probe_socket socket;
    char side; /* 'A' or 'B' */
    /* From the challenge. */
    bool is_signing;
    enum stun_integrity kind;
    struct stun_key key;
    uint16_t realm_size, nonce_size, algorithms_size;
    uint8_t realm[STUN_TEXT_MAX], nonce[STUN_TEXT_MAX];
    uint8_t algorithms[PROBE_CLIENT_ALGORITHMS_MAX]; /* PASSWORD-ALGORITHMS, to be echoed */
    /* From the allocation. */
    bool is_allocated;
    struct netaddr relayed, mapped;
    uint32_t lifetime; /* seconds */
};

/* A packet that came through the relay. */
struct probe_client_data {
    struct span payload; /* borrowed from the input */
    struct netaddr peer; /* of a Data indication, else family NETADDR_NONE */
    uint16_t channel;    /* of ChannelData, else 0 */
};

/* probe_client_open — a client without an allocation and, where the transport needs one, without a
 * connection; `terms` borrowed for its life. Returns 0 or a member of enum probe_route_error. */
int probe_client_open(struct probe_client *client, const struct probe_client_terms *terms,
                      const struct netaddr *server, char side);

/* probe_client_close — close its socket; an allocation it still has is left to expire. A closed one
 * is taken. Never fails. */
void probe_client_close(struct probe_client *client);

/* probe_client_bind — ask for our mapped address: client->mapped. Never fails: see out->fate, here
 * and below. */
void probe_client_bind(struct probe_client *client, struct probe_answer *out);

/* probe_client_challenge — ask for an allocation without credentials, and learn from the refusal
 * how to sign: then the fate is PROBE_FATE_OK and client->is_signing. A server that serves anybody
 * gives the allocation at once: client->is_allocated. */
void probe_client_challenge(struct probe_client *client, struct probe_answer *out);

/* probe_client_allocate — ask for an allocation with the credentials, of a family or, with
 * NETADDR_NONE, of the server's choice: client->relayed, mapped, lifetime. */
void probe_client_allocate(struct probe_client *client, enum netaddr_family family,
                           struct probe_answer *out);

/* probe_client_permit — ask for a permission for `peer`. */
void probe_client_permit(struct probe_client *client, const struct netaddr *peer,
                         struct probe_answer *out);

/* probe_client_bind_channel — ask for a channel to `peer`. */
void probe_client_bind_channel(struct probe_client *client, uint16_t channel,
                               const struct netaddr *peer, struct probe_answer *out);

/* probe_client_release — give the allocation back by Refresh with lifetime 0. */
void probe_client_release(struct probe_client *client, struct probe_answer *out);

/* probe_client_send — send a payload to `peer` by Send indication. Returns PROBE_FATE_OK, or see
 * probe_socket_send. */
enum probe_fate probe_client_send(struct probe_client *client, const struct netaddr *peer,
                                  struct span payload);

/* probe_client_send_channel — send a payload by ChannelData. Returns PROBE_FATE_OK, or see
 * probe_socket_send. */
enum probe_fate probe_client_send_channel(struct probe_client *client, uint16_t channel,
                                          struct span payload);

/* probe_client_receive — wait until `deadline` for a packet through the relay; `in` is room for it,
 * borrowed by *out. Returns false when none came. */
bool probe_client_receive(struct probe_client *client, struct mono deadline, struct probe_input *in,
                          struct probe_client_data *out);

#endif
