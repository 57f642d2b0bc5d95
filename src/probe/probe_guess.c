/* probe_guess — what the bytes are that came where others were expected. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_guess.h"

#include "wire/stun.h"

/* is_record — a record of TLS or DTLS: its type, then the version's first byte. RFC 9147 4.1. */
static bool is_record(struct span first)
{
    enum { LEAST = 20, MOST = 26, TLS = 3, DTLS = 0xfe };
    struct reader r = reader_init(first.bytes, first.size);
    uint8_t type = reader_u8(&r);
    uint8_t version = reader_u8(&r);
    return reader_is_ok(&r) && type >= LEAST && type <= MOST && (version == TLS || version == DTLS);
}

static bool is_stun(struct span first)
{
    struct reader r = reader_init(first.bytes, first.size);
    uint32_t head = reader_u32(&r);
    return reader_u32(&r) == STUN_COOKIE && reader_is_ok(&r) && head >> 30 == 0;
}

static bool is_web(struct span first)
{
    static const char *const beginnings[] = {"HTTP/", "<!", "<html", "<HTML"};
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        struct span beginning = span_of_text(beginnings[i]);
        if (first.size >= beginning.size &&
            span_is_equal((struct span){first.bytes, beginning.size}, beginning)) {
            return true;
        }
    }
    return false;
}

enum probe_fate probe_guess_fate(struct span first)
{
    if (is_record(first)) {
        return PROBE_FATE_SECURE;
    }
    if (is_stun(first)) {
        return PROBE_FATE_PLAIN;
    }
    return is_web(first) ? PROBE_FATE_WEB : PROBE_FATE_FOREIGN;
}
