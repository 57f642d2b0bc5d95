/* ctl_call — one call of the management interface: JSON there, JSON or a problem back.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_CALL_H
#define CTL_CTL_CALL_H

#include <stdbool.h>

#include <jansson.h>

#include "ctl/ctl_path.h"

enum { CTL_CALL_WHY_SIZE = 2048 };

enum ctl_call_verdict {
    CTL_CALL_DONE,    /* a status below 300 */
    CTL_CALL_REFUSED, /* the server says no; `why` is its own sentence */
    CTL_CALL_FAILED,  /* there was no answer that makes sense; `why` says why */
};

struct ctl_answer {
    int status;   /* 0: FAILED */
    json_t *json; /* an object, owned; NULL: the answer has no body */
    char why[CTL_CALL_WHY_SIZE];
};

/* ctl_call — ask the server at the Unix socket `socket`; `in` borrowed, NULL: no body. *out is
 * freed with ctl_call_fini, whatever becomes of it. Returns a verdict, with *out filled. */
enum ctl_call_verdict ctl_call(const char *socket, const char *method, const char *path,
                               const json_t *in, struct ctl_answer *out);

/* ctl_call_fini — forget an answer. Never fails. */
void ctl_call_fini(struct ctl_answer *answer);

/* ctl_call_read — what an answer with this status and this body means (body NULL: there is none),
 * as ctl_call returns it. */
enum ctl_call_verdict ctl_call_read(int status, const char *body, size_t size,
                                    struct ctl_answer *out);

/* ctl_call_or_say — ctl_call, with what went wrong said on standard error. Returns true when it is
 * done; *out is freed when it is not. */
bool ctl_call_or_say(const char *socket, const char *method, const struct ctl_path *path,
                     const json_t *in, struct ctl_answer *out);

#endif
