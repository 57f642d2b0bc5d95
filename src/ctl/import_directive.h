/* import_directive — every option of coturn's turnserver.conf, and what becomes of it.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_DIRECTIVE_H
#define CTL_IMPORT_DIRECTIVE_H

#include <stdint.h>

#include "ctl/import_snippet.h"

enum import_directive_kind {
    IMPORT_DIRECTIVE_SAME,      /* turnpike does so anyway, or it means nothing to it */
    IMPORT_DIRECTIVE_LOST,      /* reported, with `text` */
    IMPORT_DIRECTIVE_LOST_FLAG, /* reported when it is on */
    IMPORT_DIRECTIVE_USER,
    IMPORT_DIRECTIVE_SECRET,
    IMPORT_DIRECTIVE_REALM,
    IMPORT_DIRECTIVE_ADDRESS,  /* to listen at */
    IMPORT_DIRECTIVE_PORT,     /* for udp and tcp */
    IMPORT_DIRECTIVE_TLS_PORT, /* for tls and dtls */
    IMPORT_DIRECTIVE_AUX,      /* one more address with its port */
    IMPORT_DIRECTIVE_NO_UDP,   /* switches of the listeners */
    IMPORT_DIRECTIVE_NO_TCP,
    IMPORT_DIRECTIVE_NO_TLS,
    IMPORT_DIRECTIVE_NO_DTLS,
    IMPORT_DIRECTIVE_NO_TCP_RELAY,
    IMPORT_DIRECTIVE_RELAY_ADDRESS,
    IMPORT_DIRECTIVE_EXTERNAL,
    IMPORT_DIRECTIVE_MIN_PORT,
    IMPORT_DIRECTIVE_MAX_PORT,
    IMPORT_DIRECTIVE_ALLOWED,
    IMPORT_DIRECTIVE_DENIED,
    IMPORT_DIRECTIVE_LIMIT,   /* a quota or max-bps */
    IMPORT_DIRECTIVE_NUMBER,  /* `option` of `section`, from `least` to `most` */
    IMPORT_DIRECTIVE_SECONDS, /* likewise, as a time */
    IMPORT_DIRECTIVE_TEXT,    /* likewise, a text as it is */
    IMPORT_DIRECTIVE_FIXED,   /* likewise, when the switch is on: `text` */
    IMPORT_DIRECTIVE_FAMILY,
    IMPORT_DIRECTIVE_LOG_FILE,
    IMPORT_DIRECTIVE_LOG_LEVEL,
    IMPORT_DIRECTIVE_SEPARATOR,
};

struct import_directive {
    const char *name;
    const char *text; /* a reason, or a value */
    const char *option;
    enum import_directive_kind kind;
    enum import_snippet_section section;
    uint32_t least, most;
};

/* import_directive_find — what becomes of an option. Returns static; NULL when coturn has no such
 * option. */
const struct import_directive *import_directive_find(const char *name);

#endif
