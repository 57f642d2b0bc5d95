/* redis_url — where a Redis is, as the option `store` says it.
 * Pure. Any thread. Passwords are in it: wiped by whoever keeps one, printed by nobody.
 *
 *     redis://[user[:password]@]host[:port][/db]             rediss:// the same over TLS
 *     redis+unix://[user[:password]@]/path[?db=N]
 *     redis+sentinel://[user[:password]@]host[:port][,host[:port]...]/primary[/db]
 *
 * "coturn+" may stand before all but the last. User, password, path and primary may have %XX.  */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_URL_H
#define STORE_REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REDIS_URL_HOSTS = 8,
    REDIS_URL_HOST_SIZE = 254, /* a host name of DNS with the NUL */
    REDIS_URL_TEXT_SIZE = 256,
    REDIS_URL_PATH_SIZE = 108, /* sun_path */
    REDIS_URL_PORT = 6379,     /* where none is said */
    REDIS_URL_PORT_SENTINEL = 26379,
    REDIS_URL_DB_MAX = 65535,
};

struct redis_url_host {
    char name[REDIS_URL_HOST_SIZE]; /* name or address, IPv6 without its brackets */
    uint16_t port;
};

struct redis_url {
    bool is_secure, is_coturn;
    char user[REDIS_URL_TEXT_SIZE];     /* "": Redis's default user */
    char password[REDIS_URL_TEXT_SIZE]; /* "": none */
    struct redis_url_host host[REDIS_URL_HOSTS];
    size_t host_count;                 /* 0: the socket at `path` */
    char path[REDIS_URL_PATH_SIZE];    /* of a Unix socket */
    char primary[REDIS_URL_TEXT_SIZE]; /* the hosts are Sentinels, which know it by this name */
    unsigned db;
};

/* redis_url_parse — read a URL. Returns true with *out filled; else false with a sentence in `why`
 * that says what to mend, and *out is wiped. */
bool redis_url_parse(const char *text, struct redis_url *out, char *why, size_t room);

/* redis_url_add_password — put in a password from elsewhere, NULL for none; afterwards the URL is
 * complete. Returns false with a sentence when there are two, or a user has none. */
bool redis_url_add_password(struct redis_url *url, const char *password, char *why, size_t room);

/* redis_url_print — the URL without user and password, for people. Never fails: what does not fit
 * is cut. */
void redis_url_print(const struct redis_url *url, char *out, size_t room);

/* redis_url_wipe — forget all of it. Never fails. */
void redis_url_wipe(struct redis_url *url);

#endif
