/* conf — the configuration as values: what the file and --set say, checked, with every default in.
 * Wiring. The control thread reads it; a conf is never changed once read, only replaced. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/prefix.h"

enum conf_transport { CONF_UDP, CONF_TCP, CONF_TLS, CONF_DTLS };
enum conf_family { CONF_FAMILY_IPV4, CONF_FAMILY_IPV6, CONF_FAMILY_SAME };
enum conf_log_format { CONF_LOG_LOGFMT, CONF_LOG_JSON };
enum conf_digest { CONF_DIGEST_SHA1, CONF_DIGEST_SHA256, CONF_DIGEST_BOTH };

/* Lists own their elements; every string is UTF-8, owned by the conf, never NULL unless said. */
struct conf_texts {
    char **at;
    size_t count;
};

struct conf_prefixes {
    struct prefix *at;
    size_t count;
};

struct conf_peers {
    struct conf_prefixes allow;
    struct conf_prefixes deny;
};

struct conf_limits {
    uint32_t lifetime, max_lifetime, permission_lifetime, channel_lifetime, nonce_lifetime; /* s */
    uint32_t allocations, allocations_per_user, allocations_per_tenant; /* 0: no limit */
    uint32_t permissions_per_allocation, channels_per_allocation;       /* 1 to 4096 */
    uint64_t bandwidth_per_allocation;                   /* bytes per second, 0: none */
    uint32_t challenges_per_prefix, bindings_per_prefix; /* per second, 0: no limit */
    uint32_t connections_per_address;                    /* 0: no limit */
};

struct conf_user {
    char *name;
    char *password;  /* NULL when has_key */
    uint8_t key[16]; /* MD5 of user:realm:password */
    bool has_key;
};

struct conf_realm {
    char *name;
    struct conf_user *users;
    size_t user_count;
    struct conf_texts secrets; /* resolved: contents of file:... without the last newline */
    enum conf_digest secret_digest;
    bool expiry_is_strict;
    uint32_t expiry_grace; /* s an allocation may outlive its credential; not strict */
    bool issues;           /* credentials */
    uint32_t credential_ttl, credential_max_ttl; /* s */
    struct conf_limits limits;                   /* the global ones, narrowed */
    struct conf_peers peers;
};

struct conf_listener {
    enum conf_transport transport;
    bool is_wildcard;       /* "*": every address of both families */
    struct netaddr address; /* with the port; family NONE for "*" */
    char *realm;            /* realm challenged with here; NULL: the first */
    char *certificate;      /* of its own; NULL: that of the tls section */
    char *key;
    bool takes_plain;                /* TLS: STUN without it, too */
    struct conf_prefixes proxy_from; /* balancers whose PROXY protocol is believed */
    struct netaddr fallback;         /* web server for what is not STUN; family NONE: none */
    struct conf_texts fallback_names;
    char *file;       /* where it was said, for messages; "default" */
    int line;         /* in `file`; 0 for the default */
    bool has_section; /* one of its own, with options */
};

struct conf_external {
    struct netaddr local; /* family NONE: whatever the local address is */
    struct netaddr external;
};

struct conf {
    struct conf_realm *realms;
    size_t realm_count;
    struct conf_listener *listeners;
    size_t listener_count;
    struct netaddr *relay_addresses; /* port 0; none: the address the client came to */
    size_t relay_address_count;
    struct conf_external *externals;
    size_t external_count;
    struct netaddr *alternates; /* with their ports */
    size_t alternate_count;
    uint16_t port_min, port_max;
    enum conf_family relay_family;
    bool channels_are_classic; /* RFC 5766 numbers too */
    bool icmp;                 /* tell clients of ICMP errors */
    bool relay_tcp;            /* peers can be reached over TCP, RFC 6062 */
    char *certificate, *key;   /* of listeners without their own; NULL: there is none */
    struct conf_texts names;   /* host names that clients are given */
    struct conf_peers peers;
    struct conf_limits limits;
    struct conf_texts uris;            /* that go with issued credentials; none: made of the rest */
    char *store;                       /* URL */
    char *store_password;              /* NULL: none */
    char *node;                        /* NULL: the machine's name */
    char *control;                     /* path of the socket; NULL: none */
    uint32_t usage_interval;           /* s; 0: no usage is told */
    struct netaddr http_listen;        /* family NONE: there is none */
    char *http_certificate, *http_key; /* NULL: plain HTTP */
    struct conf_texts http_origins;
    uint32_t workers;       /* 0: one per core */
    char *run_as;           /* user name; NULL: stay as started (said in the log) */
    char *software;         /* SOFTWARE attribute; "" none */
    uint32_t drain_timeout; /* s; 0: as long as allocations live */
    int log_level;          /* 0 error, 1 warn, 2 info, 3 debug */
    enum conf_log_format log_format;
    char *log_to;  /* "stderr" or a file name */
    char **places; /* by row of the option table: "file:line", NULL: default */
};

/* conf_read — read `file` (NULL: none) and then each of the `set_count` texts of --set; check
 * everything, fill in defaults. Returns a new conf, freed with conf_free; NULL with one sentence
 * in `why` (file:line: what, and how to mend it) when anything is wrong. Opens files named by
 * file: and include, binds nothing. Ends the process when memory is short. */
struct conf *conf_read(const char *file, const char *const *set, size_t set_count, char *why,
                       size_t why_room);

/* conf_free — forget a conf, wiping its secrets; NULL is taken. */
void conf_free(struct conf *c);

/* conf_print — write every effective value in the file's own syntax to standard output, passwords,
 * keys and secrets as "hidden". What --check prints; it can be read back but for the hidden. */
void conf_print(const struct conf *c);

/* conf_place — where an option outside of realms and listeners, named like "relay.addresses", was
 * set, for messages: "file:line". Returns borrowed text, "default" when it was not set. */
const char *conf_place(const struct conf *c, const char *option);

/* conf_restart_needed — name the first option whose change from `old` to `new` needs a restart and
 * is therefore not taken over by a reload, like "relay.ports". Returns NULL when there is none;
 * else static text. */
const char *conf_restart_needed(const struct conf *old, const struct conf *new);

#endif
