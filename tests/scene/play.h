/* play — a scene while it is played, and what its statements are made of.
 * Tests only. play.c has the language. */
/* SPDX-License-Identifier: MIT */
#ifndef SCENE_PLAY_H
#define SCENE_PLAY_H

#include "scene/judge.h"

enum { PLAY_LISTS_MAX = 16 };

struct play {
    struct stage *stage;
    struct actors actors;
    struct judge judge;
    bool is_harmed; /* memory fails: expectations may differ */
    struct {
        char name[32];
        char items[SCRIPT_LINE_MAX];
    } list[PLAY_LISTS_MAX];
    int lists;
    struct turn_counts counts; /* before the statement */
    struct flow_counts up, down;
};

/* play_address — the address a word names; notes a failure when it names none. */
bool play_address(struct play *p, struct script_word w, struct netaddr *out);

/* play_world — play a statement about the world (set, user, wait ...). Returns false, nothing
 * taken, when the first word is none of those. */
bool play_world(struct play *p, struct script_words *w);

/* play_client — play a statement by or about a client or a peer. Returns as play_world. */
bool play_client(struct play *p, struct script_words *w);

/* play_look — play a statement that looks at counts or events. Returns as play_world. */
bool play_look(struct play *p, struct script_words *w);

#endif
