/* roster — the users of the simulated server and the passes that visitors come with.
 * One thread. Two realms: one of users with passwords, one of time-limited names under secrets. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_ROSTER_H
#define SIM_ROSTER_H

#include "engine/keyring.h"
#include "support/dice.h"

enum { ROSTER_STATIC, ROSTER_TIMED, ROSTER_REALMS };

/* What a configuration says of users. */
struct roster_book {
    uint8_t *version; /* of each user's password; 0: there is no such user. Owned */
    uint32_t users;
    unsigned secret; /* this one and the next are good */
};

/* A name and a password that a visitor has. */
struct roster_pass {
    uint8_t realm;
    bool is_wrong;    /* nobody ever had this password */
    uint32_t user;    /* number of a user with password */
    unsigned version; /* of the password, or number of the secret */
    struct wall expires;
    char name[STUN_NAME_MAX + 1];
    size_t name_size;
    size_t account_at, account_size;
    struct stun_key md5, sha256;
    struct roster_pass *next;
};

struct roster {
    const struct digest *digest;         /* borrowed */
    struct roster_pass *passes;          /* owned */
    uint8_t (*hash)[STUN_USERHASH_SIZE]; /* of each user's name, owned */
};

/* roster_init — for so many users with passwords; `digest` borrowed. Ends the process without
 * memory. */
void roster_init(struct roster *r, const struct digest *digest, uint32_t users);

/* roster_realm — the name of a realm, static. Never fails. */
const char *roster_realm(uint8_t realm);

/* roster_book_new — every user there with the first password. Ends the process without memory. */
struct roster_book roster_book_new(uint32_t users);

/* roster_book_change — the book after some changes: users gone and come, passwords, a secret
 * withdrawn. Returns a new one. */
struct roster_book roster_book_change(const struct roster_book *book, struct dice *dice);

/* roster_book_fini — give it back. Never fails. */
void roster_book_fini(struct roster_book *book);

/* roster_static — a pass for user `user` as the book has it, or with a wrong password. Borrowed
 * until roster_fini. */
const struct roster_pass *roster_static(struct roster *r, const struct roster_book *book,
                                        uint32_t user, bool is_wrong);

/* roster_timed — a pass for guest `guest` that expires then, under a good secret or a wrong one.
 * Borrowed until roster_fini. */
const struct roster_pass *roster_timed(struct roster *r, const struct roster_book *book,
                                       uint32_t guest, struct wall expires, bool is_wrong);

/* roster_is_good — whether the book knows the pass (expired or not). Never fails. */
bool roster_is_good(const struct roster_book *book, const struct roster_pass *pass);

/* roster_is_stored — whether a user is kept where looking takes time. Never fails. */
bool roster_is_stored(const struct roster_pass *pass);

/* roster_user_of — the number of the user with password that a query names, by name or hash;
 * UINT32_MAX when it names none. */
uint32_t roster_user_of(const struct roster *r, const struct roster_book *book,
                        const struct keyring_query *query);

/* roster_find — what a keyring answers that has everything at hand. Returns KEYRING_FOUND or
 * KEYRING_UNKNOWN. */
enum keyring_answer roster_find(const struct roster *r, const struct roster_book *book,
                                const struct keyring_query *query, struct keyring_found *out);

/* roster_fini — forget the passes. Never fails. */
void roster_fini(struct roster *r);

#endif
