/* recorder — a sink for importers that writes down, line by line, what it is given.
 * Tests only. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef UNIT_RECORDER_H
#define UNIT_RECORDER_H

#include "base/text.h"
#include "ctl/import_sink.h"

enum { RECORDER_SIZE = 1 << 16 };

/* Lines "user REALM NAME md5 KEY", "user REALM NAME password PASSWORD", "secret REALM SECRET" and
 * "skip WHERE: REASON". */
struct recorder {
    struct import_sink sink;
    struct text text;
    int left; /* users and secrets until the sink stops; below 0: it never does */
    char bytes[RECORDER_SIZE];
};

/* recorder_init — an empty one, that wants the realm `realm` alone (NULL: all). Its address must
 * not change. Never fails. */
void recorder_init(struct recorder *r, const char *realm);

/* recorder_fini — forget it. Never fails. */
void recorder_fini(struct recorder *r);

/* recorder_snippet — what its part of a configuration prints as. Returns new, freed with free. */
char *recorder_snippet(struct recorder *r);

#endif
