/* probe_quote — texts from strangers made fit for a terminal and for JSON. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_quote.h"

/* sequence_size — bytes of the well-formed, printable UTF-8 character at the reader's position; 0
 * when there is none. RFC 3629 4. */
static size_t sequence_size(struct reader r)
{
    uint8_t first = reader_u8(&r);
    if (first < 0x80) {
        return first >= 0x20 && first != 0x7f;
    }
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    uint32_t value = first & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        uint8_t next = reader_u8(&r);
        if (next >> 6 != 2) {
            return 0;
        }
        value = value << 6 | (next & 0x3f);
    }
    static const uint32_t least[] = {0xa0, 0x800, 0x10000}; /* no C1 controls, nothing overlong */
    bool is_surrogate = value >> 11 == 0x1b;
    bool is_bidi = (value >= 0x200e && value <= 0x200f) || (value >= 0x2028 && value <= 0x202e) ||
                   (value >= 0x2066 && value <= 0x2069);
    bool is_fine = first >= 0xc2 && first <= 0xf4 && value >= least[size - 2] &&
                   value <= 0x10ffff && !is_surrogate && !is_bidi && reader_is_ok(&r);
    return is_fine ? size : 0;
}

void probe_quote_clean(struct text *t, struct span bytes)
{
    struct reader r = reader_init(bytes.bytes, bytes.size);
    while (r.left > 0) {
        size_t size = sequence_size(r);
        struct span piece = {reader_bytes(&r, size ? size : 1), size};
        if (t->used + (size ? size : 1) >= t->room) {
            t->cut = true;
            return;
        }
        if (size) {
            text_span(t, piece);
        } else {
            text_char(t, '?');
        }
    }
}

void probe_quote_json(struct text *t, const char *string)
{
    text_char(t, '"');
    for (; *string; string++) {
        uint8_t c = (uint8_t)*string;
        if (c == '"' || c == '\\') {
            text_char(t, '\\');
        }
        if (c < 0x20) {
            text_put(t, "\\u00");
            text_hex(t, &c, 1);
        } else {
            text_char(t, (char)c);
        }
    }
    text_char(t, '"');
}
