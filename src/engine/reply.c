/* reply — the one place where an answer is written, signed and sent. */
/* SPDX-License-Identifier: MIT */
#include "engine/reply.h"

#include "engine/nonce.h"

enum limited_kind { LIMITED_CHALLENGE, LIMITED_BINDING };

/* algorithms — PASSWORD-ALGORITHMS as offered: SHA-256 first, no parameters, RFC 8489 14.11. */
const uint8_t reply_algorithms[REPLY_ALGORITHMS_SIZE] = {
    0, STUN_ALGORITHM_SHA256, 0, 0, 0, STUN_ALGORITHM_MD5, 0, 0,
};

/* may_answer — the limiter's word on answers to the unproven; a valid nonce shows that the source
 * address is real, and so does a connection. */
static bool may_answer(struct turn *t, const struct request *rq)
{
    if (rq->is_authentic || rq->nonce_is_valid || path_is_connection(rq->path)) {
        return true;
    }
    bool is_binding = rq->message.method == STUN_BINDING;
    enum limited_kind kind = is_binding ? LIMITED_BINDING : LIMITED_CHALLENGE;
    uint32_t limit =
        is_binding ? t->settings->bindings_per_prefix : t->settings->challenges_per_prefix;
    if (limiter_take(t->host->limiter, &rq->path->client.a, kind, limit, rq->now.mono)) {
        return true;
    }
    t->counts.limited++;
    return false;
}

/* offers_algorithms — whether a challenge has PASSWORD-ALGORITHMS. Every request that could succeed
 * has at least one attribute of four bytes; what is smaller gets a smaller challenge, so that
 * nobody gains by it when its source address is a lie. */
static bool offers_algorithms(const struct request *rq)
{
    enum { ATTRIBUTE = 8 }; /* header and four bytes; FINGERPRINT is as long */
    bool has_fingerprint = stun_message_has(&rq->message, STUN_KNOWN_FINGERPRINT);
    return rq->message.size >= STUN_HEADER_SIZE + ATTRIBUTE + (has_fingerprint ? ATTRIBUTE : 0);
}

static void put_challenge(struct turn *t, const struct request *rq, struct stun_build *b)
{
    bool with_algorithms = offers_algorithms(rq);
    unsigned features = (with_algorithms ? NONCE_ALGORITHMS : 0) |
                        (t->settings->realm[rq->realm].has_secrets ? 0 : NONCE_USERHASH);
    const struct settings_realm *realm = &t->settings->realm[rq->realm];
    char nonce[NONCE_SIZE];
    nonce_make(&t->host->nonce_key, &rq->path->client.a, rq->now.wall, features, nonce);
    stun_build_bytes(b, STUN_ATTR_REALM,
                     (struct span){(const uint8_t *)realm->name, realm->name_size});
    stun_build_bytes(b, STUN_ATTR_NONCE, (struct span){(const uint8_t *)nonce, sizeof(nonce)});
    if (with_algorithms) {
        stun_build_bytes(b, STUN_ATTR_PASSWORD_ALGORITHMS,
                         (struct span){reply_algorithms, sizeof(reply_algorithms)});
    }
}

/* put_unknown — every required type that is not understood, RFC 8489 14.13. */
static void put_unknown(const struct request *rq, struct stun_build *b)
{
    size_t count = 0;
    struct stun_walk walk = stun_message_walk(&rq->message);
    while (stun_message_step(&walk)) {
        bool is_refused = walk.type < STUN_ATTR_OPTIONAL_BIT && !stun_message_is_known(walk.type);
        count += is_refused || walk.type == STUN_ATTR_CHANGE_REQUEST ? 1 : 0;
    }
    uint8_t *value = stun_build_reserve(b, STUN_ATTR_UNKNOWN_ATTRIBUTES, count * 2);
    if (!value) {
        return;
    }
    struct writer w = writer_init(value, count * 2);
    walk = stun_message_walk(&rq->message);
    while (stun_message_step(&walk)) {
        bool is_refused = walk.type < STUN_ATTR_OPTIONAL_BIT && !stun_message_is_known(walk.type);
        if (is_refused || walk.type == STUN_ATTR_CHANGE_REQUEST) {
            writer_u16(&w, walk.type);
        }
    }
}

/* put_alternates — servers of the client's family first, RFC 8489 10. */
static void put_alternates(const struct turn *t, const struct request *rq, struct stun_build *b)
{
    for (int same = 1; same >= 0; same--) {
        for (uint8_t i = 0; i < t->settings->alternate_count; i++) {
            const struct netaddr *a = &t->settings->alternate[i];
            if ((a->family == rq->path->client.a.family) == (same == 1)) {
                stun_build_plain_address(b, STUN_ATTR_ALTERNATE_SERVER, a);
                break;
            }
        }
    }
}

static void put_software(const struct turn *t, struct stun_build *b)
{
    if (t->settings->software[0]) {
        stun_build_bytes(b, STUN_ATTR_SOFTWARE, span_of_text(t->settings->software));
    }
}

static void put_answer(const struct turn *t, const struct request *rq, const struct answer *answer,
                       struct stun_build *b)
{
    for (int i = 0; i < FLOW_FAMILIES; i++) {
        if (answer->relayed[i].family != NETADDR_NONE) {
            stun_build_address(b, STUN_ATTR_XOR_RELAYED_ADDRESS, &answer->relayed[i]);
        }
    }
    if (answer->error_code != 0) { /* RFC 8656 18.12: family, reserved, class, number */
        uint32_t code = answer->error_code;
        stun_build_u32(b, STUN_ATTR_ADDRESS_ERROR_CODE,
                       (uint32_t)answer->error_family << 24 | code / 100 << 8 | code % 100);
    }
    if (answer->connection != 0) {
        stun_build_u32(b, STUN_ATTR_CONNECTION_ID, answer->connection);
    }
    if (answer->has_lifetime) {
        stun_build_u32(b, STUN_ATTR_LIFETIME, answer->lifetime);
    }
    if (answer->has_token) {
        stun_build_bytes(b, STUN_ATTR_RESERVATION_TOKEN,
                         (struct span){answer->token, STUN_TOKEN_SIZE});
    }
    if (answer->has_mapped && rq->message.is_classic) {
        stun_build_plain_address(b, STUN_ATTR_MAPPED_ADDRESS, &rq->path->client.a);
    } else if (answer->has_mapped) {
        stun_build_address(b, STUN_ATTR_XOR_MAPPED_ADDRESS, &rq->path->client.a);
    }
    if (answer->has_software) {
        put_software(t, b);
    }
}

/* finish — integrity, fingerprint, and off it goes. */
static void finish(struct turn *t, const struct request *rq, struct stun_build *b,
                   enum stun_integrity kind)
{
    stun_integrity_sign(b, t->host->digest, kind, &rq->key);
    if (stun_message_has(&rq->message, STUN_KNOWN_FINGERPRINT)) {
        stun_build_fingerprint(b); /* RFC 8489 7: who sends one drops answers without it */
    }
    size_t size = stun_build_end(b);
    if (size > 0) {
        t->host->send(t->host->context, rq->path, b->w.bytes, size);
    }
}

void reply_refuse(struct turn *t, const struct request *rq, enum refusal_kind kind)
{
    const struct refusal *row = refusal_of(kind);
    if (!may_answer(t, rq)) {
        return;
    }
    t->counts.answers[method_place(rq->message.method)][kind]++;
    bool is_signed = rq->is_authentic && !(row->with & REFUSAL_UNSIGNED);
    uint8_t bytes[STUN_MESSAGE_MAX];
    struct stun_build b = stun_build_begin(bytes, sizeof(bytes), STUN_ERROR, rq->message.method,
                                           stun_message_id(&rq->message));
    stun_build_error(&b, row->code, is_signed ? row->reason : "");
    if (row->with & REFUSAL_UNKNOWN) {
        put_unknown(rq, &b);
    }
    if (row->with & REFUSAL_CHALLENGE) {
        put_challenge(t, rq, &b);
    }
    if (row->with & REFUSAL_ALTERNATE) {
        put_alternates(t, rq, &b);
    }
    bool names_software =
        rq->message.method == STUN_ALLOCATE || rq->message.method == STUN_REFRESH; /* RFC 8656 5 */
    if (is_signed && names_software) {
        put_software(t, &b);
    }
    finish(t, rq, &b, is_signed ? rq->kind : STUN_INTEGRITY_NONE);
}

void reply_succeed(struct turn *t, const struct request *rq, const struct answer *answer)
{
    if (!may_answer(t, rq)) {
        return;
    }
    t->counts.answers[method_place(rq->message.method)][REFUSAL_NONE]++;
    uint8_t bytes[STUN_MESSAGE_MAX];
    struct stun_build b = stun_build_begin(bytes, sizeof(bytes), STUN_SUCCESS, rq->message.method,
                                           stun_message_id(&rq->message));
    put_answer(t, rq, answer, &b);
    finish(t, rq, &b, rq->is_authentic ? rq->kind : STUN_INTEGRITY_NONE);
}
