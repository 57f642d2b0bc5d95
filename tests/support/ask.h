/* ask — requests as a client writes them, out of the values they say.
 * For tests and benches. Any thread that owns the digest. */
/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_ASK_H
#define SUPPORT_ASK_H

#include "wire/stun_integrity.h"

enum { ASK_PEERS_MAX = 8 };

/* How a request is signed. Spans borrowed until it is written. */
struct ask_credential {
    struct span user;
    struct span realm;
    struct span nonce;
    struct stun_key key;
    enum stun_integrity kind; /* NONE: not signed, and no user, realm or nonce said */
    uint8_t algorithm;        /* 0: the password algorithm attributes are left out */
    bool is_hash;             /* USERHASH instead of USERNAME */
};

/* What a request says; a zero is left out. */
struct ask {
    uint16_t method;
    uint8_t id[STUN_ID_SIZE];
    uint8_t transport;
    uint8_t family; /* REQUESTED-ADDRESS-FAMILY */
    uint8_t additional_family;
    bool has_lifetime;
    bool even;
    bool reserve_next; /* with `even` */
    bool has_token;
    bool has_fingerprint;
    bool has_unknown; /* an attribute that nobody understands */
    uint32_t lifetime;
    uint8_t token[STUN_TOKEN_SIZE];
    uint16_t channel;
    bool has_connection;
    uint32_t connection; /* CONNECTION-ID */
    uint8_t peer_count;
    struct netaddr peer[ASK_PEERS_MAX];
};

/* ask_write — write a request into `room` bytes at `bytes`. Returns its size, 0 without room. */
size_t ask_write(const struct ask *ask, const struct ask_credential *by,
                 const struct digest *digest, uint8_t *bytes, size_t room);

/* ask_write_send — write a Send indication. Returns its size, 0 without room. */
size_t ask_write_send(const struct netaddr *peer, struct span data, const uint8_t *id,
                      uint8_t *bytes, size_t room);

/* ask_write_channel_data — write ChannelData, unpadded. Returns its size, 0 without room. */
size_t ask_write_channel_data(uint16_t channel, struct span data, uint8_t *bytes, size_t room);

#endif
