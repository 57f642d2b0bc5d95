/* refusal — every error a STUN or TURN request can be answered with, in one table.
 * Pure. Any thread. A handler returns a row; reply_write turns it into a message. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_REFUSAL_H
#define ENGINE_REFUSAL_H

#include <stdint.h>

/* What goes along with ERROR-CODE. Whether it is signed depends on the request: an authenticated
 * one is answered signed. */
enum {
    REFUSAL_PLAIN = 0,
    REFUSAL_CHALLENGE = 1, /* REALM, NONCE, PASSWORD-ALGORITHMS */
    REFUSAL_UNKNOWN = 2,   /* UNKNOWN-ATTRIBUTES */
    REFUSAL_ALTERNATE = 4, /* ALTERNATE-SERVER */
    REFUSAL_UNSIGNED = 8,  /* goes out before or in spite of authentication, no reason text */
};

/* NAME, code, attributes, reason. Reasons are sent with signed answers only. */
#define REFUSALS(ROW)                                                                              \
    ROW(TRY_ALTERNATE, 300, REFUSAL_ALTERNATE, "Try Alternate")                                    \
    ROW(NO_INTEGRITY, 401, REFUSAL_UNSIGNED | REFUSAL_CHALLENGE, "")                               \
    ROW(INCOMPLETE, 400, REFUSAL_UNSIGNED, "")                                                     \
    ROW(ALGORITHM, 400, REFUSAL_UNSIGNED, "")                                                      \
    ROW(UNAUTHORIZED, 401, REFUSAL_UNSIGNED | REFUSAL_CHALLENGE, "")                               \
    ROW(STALE_NONCE, 438, REFUSAL_UNSIGNED | REFUSAL_CHALLENGE, "")                                \
    ROW(NO_STORE, 500, REFUSAL_UNSIGNED, "")                                                       \
    ROW(CLASSIC, 500, REFUSAL_UNSIGNED, "")                                                        \
    ROW(UNKNOWN_ATTRIBUTE, 420, REFUSAL_UNKNOWN, "")                                               \
    ROW(BAD_REQUEST, 400, REFUSAL_PLAIN, "Bad Request")                                            \
    ROW(FORBIDDEN, 403, REFUSAL_PLAIN, "Forbidden")                                                \
    ROW(MISMATCH, 437, REFUSAL_PLAIN, "Allocation Mismatch")                                       \
    ROW(BAD_FAMILY, 440, REFUSAL_PLAIN, "Address Family not Supported")                            \
    ROW(WRONG_USER, 441, REFUSAL_PLAIN, "Wrong Credentials")                                       \
    ROW(BAD_TRANSPORT, 442, REFUSAL_PLAIN, "Unsupported Transport Protocol")                       \
    ROW(PEER_FAMILY, 443, REFUSAL_PLAIN, "Peer Address Family Mismatch")                           \
    ROW(CONNECTED, 446, REFUSAL_PLAIN, "Connection Already Exists")                                \
    ROW(NOT_CONNECTED, 447, REFUSAL_PLAIN, "Connection Timeout or Failure")                        \
    ROW(QUOTA, 486, REFUSAL_PLAIN, "Allocation Quota Reached")                                     \
    ROW(NO_CAPACITY, 508, REFUSAL_PLAIN, "Insufficient Capacity")

enum refusal_kind {
    REFUSAL_NONE, /* 0 is what handlers return for success */
#define REFUSAL_KIND_ROW(name, code, with, reason) REFUSAL_##name,
    REFUSALS(REFUSAL_KIND_ROW)
#undef REFUSAL_KIND_ROW
        REFUSAL_COUNT
};

struct refusal {
    uint16_t code;
    uint16_t with; /* REFUSAL_ bits */
    const char *reason;
};

/* refusal_of — the row of a kind, static. Never fails. */
const struct refusal *refusal_of(enum refusal_kind kind);

#endif
