/* probe_step — the record of one step of a check: what was done, how long it took, what was seen.
 * Pure. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_STEP_H
#define PROBE_PROBE_STEP_H

#include "base/mono.h"
#include "base/netaddr.h"
#include "base/span.h"
#include "probe/probe_fate.h"

enum probe_step_kind {
    PROBE_STEP_ANY, /* in tables: whichever */
    PROBE_STEP_RESOLVE,
    PROBE_STEP_CONNECT,
    PROBE_STEP_HANDSHAKE, /* of TLS or DTLS */
    PROBE_STEP_CHAIN,     /* of certificates, as the three that follow */
    PROBE_STEP_NAME,
    PROBE_STEP_VALIDITY,
    PROBE_STEP_STRENGTH,
    PROBE_STEP_BINDING,
    PROBE_STEP_CHALLENGE,
    PROBE_STEP_ALLOCATE,
    PROBE_STEP_PERMISSION,
    PROBE_STEP_CHANNEL,
    PROBE_STEP_RELAY,
    PROBE_STEP_LARGE, /* the same with large packets */
    PROBE_STEP_RELEASE,
    PROBE_STEP_KIND_COUNT
};

enum {
    PROBE_STEP_FIELDS_MAX = 16,
    PROBE_STEP_VALUE_SIZE = 200,
    PROBE_STEP_NOTES_MAX = 4,
};

enum probe_step_form {
    PROBE_STEP_WORD,   /* printed as it is */
    PROBE_STEP_TEXT,   /* in quotes */
    PROBE_STEP_NUMBER, /* with its unit; a number in JSON too */
};

/* Something seen. */
struct probe_step_field {
    const char *name; /* one word, static */
    const char *unit; /* of a number, with its blank, static; "" for none */
    enum probe_step_form form;
    char value[PROBE_STEP_VALUE_SIZE]; /* printable UTF-8 */
};

struct probe_step {
    enum probe_step_kind kind;
    char side; /* 'A' or 'B' of the two allocations, 0 for neither */
    enum probe_fate fate;
    bool is_tolerated;                /* a failure that the user said to go on in spite of */
    unsigned code;                    /* of PROBE_FATE_REFUSED; of PROBE_FATE_ALERT its number */
    char said[PROBE_STEP_VALUE_SIZE]; /* the server's or the system's own words; may be empty */
    uint64_t ns;                      /* round trip; 0: there was none */
    unsigned field_count;
    struct probe_step_field field[PROBE_STEP_FIELDS_MAX];
    unsigned note_count;
    const char *note[PROBE_STEP_NOTES_MAX]; /* static sentences about what is odd but no failure */
    const char *cause;                      /* of a failure, static sentences */
};

/* probe_step_name — the name of a kind, one word, static. Never fails. */
const char *probe_step_name(enum probe_step_kind kind);

/* probe_step_init — an empty step that has gone well so far. Never fails. */
void probe_step_init(struct probe_step *step, enum probe_step_kind kind, char side);

/* probe_step_say — keep the words of server or system, made printable, cut to their room. Never
 * fails. */
void probe_step_say(struct probe_step *step, struct span words);

/* probe_step_word — add a word of our own. Never fails: beyond PROBE_STEP_FIELDS_MAX fields, here
 * and below, nothing is added. */
void probe_step_word(struct probe_step *step, const char *name, const char *value);

/* probe_step_text — add a text of others, made printable and cut to its room. Never fails. */
void probe_step_text(struct probe_step *step, const char *name, struct span value);

/* probe_step_address — add an address, with its port unless that is 0. Never fails. */
void probe_step_address(struct probe_step *step, const char *name, const struct netaddr *value);

/* probe_step_number — add a number with its unit, as in " s". Never fails. */
void probe_step_number(struct probe_step *step, const char *name, uint64_t value, const char *unit);

/* probe_step_ms — add a time, given in nanoseconds and said in milliseconds. Never fails. */
void probe_step_ms(struct probe_step *step, const char *name, uint64_t ns);

/* probe_step_time — add a moment, in UTC as RFC 3339 writes it. Never fails. */
void probe_step_time(struct probe_step *step, const char *name, struct wall at);

/* probe_step_note — add a note, static text. Never fails. */
void probe_step_note(struct probe_step *step, const char *note);

#endif
