/* stun_message — bytes to a STUN message: where a malformed header or attribute is refused.
 * Pure. Any thread. The message borrows the bytes it was read from. */
/* SPDX-License-Identifier: MIT */
#ifndef WIRE_STUN_MESSAGE_H
#define WIRE_STUN_MESSAGE_H

#include "base/netaddr.h"
#include "base/span.h"
#include "wire/stun.h"

enum stun_known {
#define STUN_KNOWN_ROW(name, type) STUN_KNOWN_##name,
    STUN_ATTRIBUTES(STUN_KNOWN_ROW)
#undef STUN_KNOWN_ROW
        STUN_KNOWN_COUNT
};

enum stun_verdict {
    STUN_OK,
    STUN_NOT_STUN,  /* the first bits or the header's length say something else */
    STUN_MALFORMED, /* an attribute leaves the message, or FINGERPRINT is wrong */
};

struct stun_message {
    const uint8_t *bytes; /* borrowed, the whole message with its header */
    size_t size;
    uint16_t method;  /* enum stun_method, or any other 12-bit number */
    uint8_t class;    /* enum stun_class */
    bool is_classic;  /* no magic cookie: RFC 3489 */
    bool has_unknown; /* a type below 0x8000 that is not in STUN_ATTRIBUTES */
    uint32_t present; /* bit (1 << enum stun_known) */
    /* Value of each known attribute: offset behind the header (16 bits suffice for that) and
     * length. Of several of one type the first counts, RFC 8489 14. */
    struct stun_place {
        uint16_t at;
        uint16_t size;
    } place[STUN_KNOWN_COUNT];
};

/* stun_message_parse — read one datagram, or one message cut from a stream, as STUN.
 * `bytes` borrowed for the life of *out. Attributes behind MESSAGE-INTEGRITY are not looked at,
 * but for MESSAGE-INTEGRITY-SHA256 and FINGERPRINT. RFC 8489 5, 6.3, 14; RFC 3489 without cookie.
 * Returns STUN_OK with *out filled, else why not, *out undefined. */
enum stun_verdict stun_message_parse(const uint8_t *bytes, size_t size, struct stun_message *out);

/* stun_message_has — whether an attribute is there. Never fails. */
static inline bool stun_message_has(const struct stun_message *m, enum stun_known which)
{
    return (m->present >> which & 1) != 0;
}

/* stun_message_value — the value of an attribute, borrowed; empty when absent. Never fails. */
static inline struct span stun_message_value(const struct stun_message *m, enum stun_known which)
{
    if (!stun_message_has(m, which)) {
        return (struct span){0};
    }
    return (struct span){m->bytes + STUN_HEADER_SIZE + m->place[which].at, m->place[which].size};
}

/* stun_message_id — the transaction id: 12 bytes, or 16 of a classic message, borrowed. Never
 * fails. */
struct span stun_message_id(const struct stun_message *m);

/* stun_message_u32 — an attribute of exactly four bytes as a number. Returns false when it is
 * absent or of another size. */
bool stun_message_u32(const struct stun_message *m, enum stun_known which, uint32_t *out);

/* stun_message_address — an xored address attribute, RFC 8489 14.2. Returns false when it is
 * absent, or of a wrong size or family. */
bool stun_message_address(const struct stun_message *m, enum stun_known which, struct netaddr *out);

/* stun_message_read_address — the same for the value of one attribute of the message, as a walk
 * gives it. Returns false when it is of a wrong size or family. */
bool stun_message_read_address(const struct stun_message *m, struct span value,
                               struct netaddr *out);

/* A walk over all attributes of one message, known or not, in the order of the bytes. */
struct stun_walk {
    const struct stun_message *message; /* borrowed */
    struct reader rest;
    uint16_t type;
    struct span value;
};

/* stun_message_walk — begin a walk before the first attribute. Never fails. */
struct stun_walk stun_message_walk(const struct stun_message *m);

/* stun_message_step — go to the next attribute that counts (none behind the integrity). Returns
 * false at the end. */
bool stun_message_step(struct stun_walk *walk);

/* stun_message_is_known — whether the type is one of STUN_ATTRIBUTES. Never fails. */
bool stun_message_is_known(uint16_t type);

#endif
