/* actor — a client of a scene: who it is, what it has learnt, and the messages it makes.
 * Tests only. Messages are made with wire/, then bent where the scene asks for it. */
/* SPDX-License-Identifier: MIT */
#ifndef SCENE_ACTOR_H
#define SCENE_ACTOR_H

#include "scene/script.h"
#include "scene/stage.h"

enum {
    ACTORS_MAX = 56,
    ACTOR_MESSAGE_MAX = 66000,
    ACTOR_TEXT_MAX = 1100,
};

/* A message as it was sent, and what its answer must be like. */
struct actor_ask {
    uint8_t bytes[ACTOR_MESSAGE_MAX];
    size_t size;
    struct path path;
    uint16_t method;
    uint8_t class;
    bool is_classic;
    bool is_signed;
    bool has_fingerprint;
    enum stun_integrity answered_with; /* kind of signature an authentic answer must have */
    struct stun_key key;
    uint8_t payload[ACTOR_MESSAGE_MAX]; /* of DATA or ChannelData */
    size_t payload_size;
    struct netaddr to; /* last XOR-PEER-ADDRESS */
};

struct actor {
    char name[32];
    struct path path;
    char user[ACTOR_TEXT_MAX];
    size_t user_size;
    char password[256];
    char realm[ACTOR_TEXT_MAX]; /* learnt from a challenge, unless told */
    char nonce[ACTOR_TEXT_MAX];
    size_t nonce_size;   /* 0: has none */
    uint8_t offered[64]; /* PASSWORD-ALGORITHMS of the challenge */
    size_t offered_size;
    unsigned algorithm; /* PASSWORD-ALGORITHM to choose; 0: neither attribute, HMAC-SHA1 */
    bool wants_hash;    /* USERHASH in place of USERNAME */
    bool wants_fingerprint;
    uint8_t tos;
    struct netaddr relayed[FLOW_FAMILIES]; /* of the last success */
    struct netaddr alternate;
    uint8_t token[STUN_TOKEN_SIZE];
    uint32_t connection; /* CONNECTION-ID last told */
    uint8_t next_id;
    struct actor_ask *ask; /* the last message; owned */
};

struct actors {
    struct stage *stage; /* borrowed */
    struct actor actor[ACTORS_MAX];
    int count;
    struct actor_ask *waiting[STAGE_CALLS_MAX]; /* Connects, by their calls; owned, or NULL */
};

/* actor_find — the actor of that name, or NULL. */
struct actor *actor_find(struct actors *all, const char *name);

/* actor_address — read an address: as text, NAME.relayed, NAME.relayed4, NAME.relayed6,
 * NAME.client, or one in disguise, such as mapped(10.0.0.1) or nat64(10.0.0.1):80. A missing port
 * is 7000. Returns false when it is none. */
bool actor_address(struct actors *all, const char *text, struct netaddr *out);

/* actor_compose — make the message that the words up to "->" describe into actor->ask. Returns
 * NULL, or what is wrong with the words, static. */
const char *actor_compose(struct actors *all, struct actor *a, struct script_words *w,
                          uint16_t method, uint8_t class);

/* actor_challenge — a bare request of that method, unsigned, to learn realm and nonce. */
void actor_challenge(struct actor *a, uint16_t method);

/* actor_keep — keep the last message, a Connect, until the call `number` is made or not. */
void actor_keep(struct actors *all, const struct actor *a, uint32_t number);

/* actor_recall — have the Connect that was kept for a call be the last message again. */
void actor_recall(struct actors *all, struct actor *a, uint32_t number);

/* actor_learn — take realm, nonce and algorithms from an answer. */
void actor_learn(struct actor *a, const struct stun_message *m);

/* actor_attribute — the type of an attribute by its name ("xor-peer-address") or number. Returns -1
 * when there is none of that name. */
int actor_attribute(const char *name);

#endif
