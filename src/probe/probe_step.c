/* probe_step — the record of one step of a check. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_step.h"

#include <time.h>

#include "base/text.h"
#include "probe/probe_quote.h"

const char *probe_step_name(enum probe_step_kind kind)
{
    static const char *const names[PROBE_STEP_KIND_COUNT] = {
        [PROBE_STEP_ANY] = "any",           [PROBE_STEP_RESOLVE] = "resolve",
        [PROBE_STEP_CONNECT] = "connect",   [PROBE_STEP_HANDSHAKE] = "handshake",
        [PROBE_STEP_CHAIN] = "chain",       [PROBE_STEP_NAME] = "name",
        [PROBE_STEP_VALIDITY] = "validity", [PROBE_STEP_STRENGTH] = "strength",
        [PROBE_STEP_BINDING] = "binding",   [PROBE_STEP_CHALLENGE] = "challenge",
        [PROBE_STEP_ALLOCATE] = "allocate", [PROBE_STEP_PERMISSION] = "permission",
        [PROBE_STEP_CHANNEL] = "channel",   [PROBE_STEP_RELAY] = "relay",
        [PROBE_STEP_LARGE] = "large",       [PROBE_STEP_RELEASE] = "release",
    };
    return names[kind];
}

void probe_step_init(struct probe_step *step, enum probe_step_kind kind, char side)
{
    *step = (struct probe_step){.kind = kind, .side = side, .fate = PROBE_FATE_OK};
}

void probe_step_say(struct probe_step *step, struct span words)
{
    struct text t = text_init(step->said, sizeof(step->said));
    probe_quote_clean(&t, words);
}

/* add — the next field, its value still to be written. Beyond the last: one that is not counted. */
static struct probe_step_field *add(struct probe_step *step, const char *name,
                                    enum probe_step_form form)
{
    static struct probe_step_field spare;
    struct probe_step_field *f = &spare;
    if (step->field_count < PROBE_STEP_FIELDS_MAX) {
        f = &step->field[step->field_count++];
    }
    f->name = name;
    f->unit = "";
    f->form = form;
    return f;
}

void probe_step_word(struct probe_step *step, const char *name, const char *value)
{
    struct probe_step_field *f = add(step, name, PROBE_STEP_WORD);
    struct text t = text_init(f->value, sizeof(f->value));
    text_put(&t, value);
}

void probe_step_text(struct probe_step *step, const char *name, struct span value)
{
    struct probe_step_field *f = add(step, name, PROBE_STEP_TEXT);
    struct text t = text_init(f->value, sizeof(f->value));
    probe_quote_clean(&t, value);
}

void probe_step_address(struct probe_step *step, const char *name, const struct netaddr *value)
{
    struct probe_step_field *f = add(step, name, PROBE_STEP_WORD);
    struct text t = text_init(f->value, sizeof(f->value));
    if (value->port == 0) {
        text_host(&t, value);
    } else {
        text_netaddr(&t, value);
    }
}

void probe_step_number(struct probe_step *step, const char *name, uint64_t value, const char *unit)
{
    struct probe_step_field *f = add(step, name, PROBE_STEP_NUMBER);
    struct text t = text_init(f->value, sizeof(f->value));
    f->unit = unit;
    text_u64(&t, value);
}

void probe_step_ms(struct probe_step *step, const char *name, uint64_t ns)
{
    struct probe_step_field *f = add(step, name, PROBE_STEP_NUMBER);
    struct text t = text_init(f->value, sizeof(f->value));
    uint64_t us = (ns + 500) / 1000;
    f->unit = " ms";
    text_u64(&t, us / 1000);
    text_char(&t, '.');
    for (unsigned place = 100; place > 0; place /= 10) {
        text_char(&t, (char)('0' + us / place % 10));
    }
}

void probe_step_time(struct probe_step *step, const char *name, struct wall at)
{
    char bytes[32];
    struct tm tm;
    time_t s = (time_t)at.s;
    if (gmtime_r(&s, &tm) && strftime(bytes, sizeof(bytes), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0) {
        probe_step_word(step, name, bytes);
    }
}

void probe_step_note(struct probe_step *step, const char *note)
{
    if (step->note_count < PROBE_STEP_NOTES_MAX) {
        step->note[step->note_count++] = note;
    }
}
