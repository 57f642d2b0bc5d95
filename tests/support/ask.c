/* ask — requests as a client writes them. */
/* SPDX-License-Identifier: MIT */
#include "support/ask.h"

enum { NOBODY_KNOWS = 0x7fe0 }; /* an attribute that must be understood, and cannot be */

static void put_flagged(struct stun_build *b, uint16_t type, uint8_t first)
{
    if (first != 0) {
        stun_build_u32(b, type, (uint32_t)first << 24);
    }
}

static void put_wishes(struct stun_build *b, const struct ask *ask)
{
    put_flagged(b, STUN_ATTR_REQUESTED_TRANSPORT, ask->transport);
    put_flagged(b, STUN_ATTR_REQUESTED_ADDRESS_FAMILY, ask->family);
    put_flagged(b, STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, ask->additional_family);
    if (ask->has_lifetime) {
        stun_build_u32(b, STUN_ATTR_LIFETIME, ask->lifetime);
    }
    if (ask->even) {
        uint8_t flags = ask->reserve_next ? 0x80 : 0;
        stun_build_bytes(b, STUN_ATTR_EVEN_PORT, (struct span){&flags, 1});
    }
    if (ask->has_token) {
        stun_build_bytes(b, STUN_ATTR_RESERVATION_TOKEN,
                         (struct span){ask->token, sizeof(ask->token)});
    }
    if (ask->channel != 0) {
        stun_build_u32(b, STUN_ATTR_CHANNEL_NUMBER, (uint32_t)ask->channel << 16);
    }
    if (ask->has_connection) {
        stun_build_u32(b, STUN_ATTR_CONNECTION_ID, ask->connection);
    }
    for (int i = 0; i < ask->peer_count; i++) {
        stun_build_address(b, STUN_ATTR_XOR_PEER_ADDRESS, &ask->peer[i]);
    }
    if (ask->has_unknown) {
        stun_build_u32(b, NOBODY_KNOWS, 0);
    }
}

static void put_credential(struct stun_build *b, const struct ask_credential *by,
                           const struct digest *digest)
{
    static const uint8_t offered[] = {0, STUN_ALGORITHM_SHA256, 0, 0, 0, STUN_ALGORITHM_MD5, 0, 0};
    if (by->kind == STUN_INTEGRITY_NONE) {
        return;
    }
    if (by->is_hash) {
        uint8_t hash[STUN_USERHASH_SIZE];
        stun_integrity_userhash(digest, by->user, by->realm, hash);
        stun_build_bytes(b, STUN_ATTR_USERHASH, (struct span){hash, sizeof(hash)});
    } else {
        stun_build_bytes(b, STUN_ATTR_USERNAME, by->user);
    }
    stun_build_bytes(b, STUN_ATTR_REALM, by->realm);
    stun_build_bytes(b, STUN_ATTR_NONCE, by->nonce);
    if (by->algorithm != 0) {
        stun_build_bytes(b, STUN_ATTR_PASSWORD_ALGORITHMS, (struct span){offered, sizeof(offered)});
        stun_build_u32(b, STUN_ATTR_PASSWORD_ALGORITHM, (uint32_t)by->algorithm << 16);
    }
    stun_integrity_sign(b, digest, by->kind, &by->key);
}

size_t ask_write(const struct ask *ask, const struct ask_credential *by,
                 const struct digest *digest, uint8_t *bytes, size_t room)
{
    struct stun_build b = stun_build_begin(bytes, room, STUN_REQUEST, ask->method,
                                           (struct span){ask->id, sizeof(ask->id)});
    put_wishes(&b, ask);
    put_credential(&b, by, digest);
    if (ask->has_fingerprint) {
        stun_build_fingerprint(&b);
    }
    return stun_build_end(&b);
}

size_t ask_write_send(const struct netaddr *peer, struct span data, const uint8_t *id,
                      uint8_t *bytes, size_t room)
{
    struct stun_build b =
        stun_build_begin(bytes, room, STUN_INDICATION, STUN_SEND, (struct span){id, STUN_ID_SIZE});
    stun_build_address(&b, STUN_ATTR_XOR_PEER_ADDRESS, peer);
    stun_build_bytes(&b, STUN_ATTR_DATA, data);
    return stun_build_end(&b);
}

size_t ask_write_channel_data(uint16_t channel, struct span data, uint8_t *bytes, size_t room)
{
    struct writer w = writer_init(bytes, room);
    writer_u16(&w, channel);
    writer_u16(&w, (uint16_t)data.size);
    writer_bytes(&w, data.bytes, data.size);
    return writer_is_ok(&w) ? w.used : 0;
}
