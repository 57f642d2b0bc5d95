/* judge — what was heard against what the scene expects, and against what always holds.
 * Tests only. */
/* SPDX-License-Identifier: MIT */
#ifndef SCENE_JUDGE_H
#define SCENE_JUDGE_H

#include "scene/actor.h"

/* What a judgement came to. */
struct judge {
    char why[600];  /* empty: as expected */
    bool is_broken; /* not only unexpected: something that must hold under any memory does not */
};

/* judge_fail — note that something is not as expected; the first note stays. */
void judge_fail(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* judge_break — note that something which must always hold does not. */
void judge_break(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* judge_outcome — compare what was heard with the words behind "->", taking all of them. `a` is who
 * they speak of: it asked, or it is the client that peers send to. What was heard is used up; what
 * is left over is a failure. */
void judge_outcome(struct judge *j, struct actors *all, struct actor *a, struct script_words *w);

/* judge_challenge — the answer to actor_challenge: a 401 that `a` learns from. */
void judge_challenge(struct judge *j, struct actors *all, struct actor *a);

/* judge_payload — the bytes of a payload word ("text" or pattern:N) into `out`. Returns false when
 * it is none. */
bool judge_payload(struct script_word w, uint8_t *out, size_t room, size_t *size);

#endif
