/* store — where users, credentials, secrets, keys, revocations, sessions and usage are kept: one
 * asynchronous interface, whatever is behind it.
 * Control thread, but for store_is_up. A request is answered once, from the loop of the control
 * thread, never within the call that submitted it.
 *
 *     "memory"                     SQLite without a file: gone with the process
 *     "sqlite:/path"               one machine, nothing else to run
 *     "redis://..."                many nodes share everything; also rediss:, redis+unix:,
 *     "redis+sentinel://..."       redis+sentinel:
 *     "coturn+redis://..."         the keys of a coturn installation, read only          */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <event2/event.h>

#include "base/mono.h"
#include "base/netaddr.h"
#include "base/span.h"
#include "net/inbox.h"

enum store_result {
    STORE_OK,
    STORE_NONE,    /* GET: there is no such item */
    STORE_TAKEN,   /* WRITE: an item that was to be new is there already; nothing was written */
    STORE_DOWN,    /* out of reach, or no answer in time: a write may have happened or not */
    STORE_REFUSED, /* it answers, and will not: read only, wrong type, damaged; `why` says it */
    STORE_RESULT_COUNT
};

/* What is kept. Values are JSON texts; see store/grant and store/registrar for what is in them. */
enum store_table {
    STORE_USER,       /* by name */
    STORE_USERHASH,   /* 64 hex digits of a user hash: {"name":...} */
    STORE_CREDENTIAL, /* issued at random, by id */
    STORE_SECRET,     /* by key id */
    STORE_KEY,        /* of the HTTP interface, by id; in the realm "" */
    STORE_REVOCATION, /* "credential/ID", "user/NAME" or "tenant/LABEL" */
    STORE_SESSION,    /* of this node, by id; gone when the node stays silent */
    STORE_NODE,       /* by the name of the node, in the realm ""; likewise */
    STORE_KICK,       /* nothing is kept: whoever has this session ends it */
    STORE_TABLE_COUNT
};

/* A thing that is kept, or to be. */
struct store_item {
    enum store_table table;
    struct span key;
    struct span value;   /* empty: remove it */
    struct wall expires; /* when it may be forgotten; 0: never */
    bool is_new;         /* it must not be there yet */
};

enum store_verb {
    STORE_GET,    /* item[0].table and key -> found[0] */
    STORE_WRITE,  /* every item, all or none; then a notice of each */
    STORE_LIST,   /* a page of item[0].table from `cursor` on -> found, cursor ("" at the end) */
    STORE_LEASE,  /* `lease` -> lease.granted */
    STORE_APPEND, /* item[].value behind the usage stream, each once more at worst */
    STORE_READ,   /* usage behind the entry `cursor` ("": the first) -> found: key is its id */
    STORE_BEAT,   /* this node lives: item[0] is its STORE_NODE; its sessions stay */
    STORE_VERB_COUNT
};

/* A node's share of what an account may have in the whole cluster. */
struct store_lease {
    struct span account; /* "user/NAME", "tenant/LABEL", "credential/ID" */
    uint32_t used;       /* what the node cannot give back: granted in any case */
    uint32_t want;       /* at least `used`; 0: give all back */
    uint32_t limit;      /* of the account, over all nodes */
    uint32_t seconds;    /* until it lapses by itself */
    uint32_t granted;    /* out: `used` to `want` */
};

enum { STORE_WHY_MAX = 256, STORE_CURSOR_MAX = 1040 };

struct store;

/* One request. Made by store_request_new, freed by the store once `done` has returned. */
struct store_request {
    struct inbox_node node;     /* the backend's while it has the request */
    struct store_request *next; /* likewise */
    void *backend;              /* likewise */
    enum store_verb verb;
    const char *realm; /* NUL-terminated, a copy; "" for what belongs to none */
    struct store_item *item;
    size_t item_count;
    uint32_t limit;                /* LIST, READ: found at most; 0: as the backend likes */
    char cursor[STORE_CURSOR_MAX]; /* LIST, READ: in and out */
    char of_node[64];              /* LIST of STORE_SESSION: whose */
    struct store_lease lease;
    enum store_result result;
    char why[STORE_WHY_MAX]; /* a sentence, unless STORE_OK, STORE_NONE or STORE_TAKEN */
    struct store_item *found;
    size_t found_count;
    struct store_item nowhere; /* what is added when memory is short */
    void (*done)(struct store_request *rq);
    void *context;
    struct store *store;
    struct mono began;
    bool is_short; /* memory was short while it was made: submitted, it fails */
    struct store_chunk *chunks;
};

/* What the store tells of by itself, on the control thread. */
struct store_events {
    void *context;
    /* state — it came or went. `is_anew`: what is written down of STORE_SECRET, STORE_KEY and
     * STORE_REVOCATION should be read again; `has_lost`: it is empty and was not before. Notices
     * of what changes after this call come without a gap. `why` is a sentence, "" when up. */
    void (*state)(void *context, bool is_up, bool has_lost, const char *why);
    /* notice — an item was written, here or by another node; value empty: removed. Borrowed. */
    void (*notice)(void *context, const char *realm, const struct store_item *item);
};

struct store_parts {
    const char *url;      /* as in the option `store` */
    const char *password; /* for Redis, in place of one in the URL; NULL: none */
    const char *node;     /* name of this node, unique in the cluster */
    struct event_base *base;
    struct store_events events;
};

/* store_is_known — whether there is a backend for a URL, the rest of which is judged by store_open
 * alone. Otherwise `why` is one sentence. */
bool store_is_known(const char *url, char *why, size_t why_room);

/* store_open — open the store a URL names. SQLite is opened, checked and migrated at once; Redis is
 * connected to in the background. `parts` borrowed for the call, texts copied. Returns new, closed
 * with store_close; NULL with one sentence in `why`. */
struct store *store_open(const struct store_parts *parts, char *why, size_t why_room);

/* store_close — finish what was submitted, as far as it goes at once, and close; unanswered
 * requests are answered STORE_DOWN. NULL is taken. */
void store_close(struct store *s);

/* store_follow — have notices of these realms, beside the realm "". Names are copied. Returns false
 * when memory is short. */
bool store_follow(struct store *s, const char *const *realms, size_t count);

/* store_is_up — whether requests have a chance at present. Any thread. Never fails. */
bool store_is_up(const struct store *s);

/* store_is_shared — whether other nodes may use it as well. Never fails. */
bool store_is_shared(const struct store *s);

/* store_is_kept — whether it survives the process. Never fails. */
bool store_is_kept(const struct store *s);

/* store_is_readable_only — whether nothing can be written to it. Never fails. */
bool store_is_readable_only(const struct store *s);

enum { STORE_ADDRESSES_MAX = 4 };

/* store_addresses — where it is reached over the network at present, which no client may reach
 * through the relay. Returns how many of at most `room` were put into `out`. Never fails. */
size_t store_addresses(const struct store *s, struct netaddr *out, size_t room);

/* store_name — what it is, for logs: "sqlite:/path", "redis://host:6379/0", never a password.
 * Borrowed. Never fails. */
const char *store_name(const struct store *s);

/* store_request_new — an empty request; `realm` copied. Returns new; NULL when memory is short. */
struct store_request *store_request_new(enum store_verb verb, const char *realm,
                                        void (*done)(struct store_request *rq), void *context);

/* store_request_add — one more item, key and value copied. Memory being short is told of by the
 * request's failing later. */
struct store_item *store_request_add(struct store_request *rq, enum store_table table,
                                     struct span key, struct span value, struct wall expires);

/* store_request_copy — bytes that live as long as the request, NUL-terminated. Returns an empty
 * span when memory is short, which makes the request fail. */
struct span store_request_copy(struct store_request *rq, struct span bytes);

/* store_request_found — one more item found, key and value copied; for backends. */
void store_request_found(struct store_request *rq, enum store_table table, struct span key,
                         struct span value);

/* store_request_free — forget a request that was never submitted; NULL is taken. */
void store_request_free(struct store_request *rq);

/* store_submit — hand a request over; the store answers by rq->done and then frees it. */
void store_submit(struct store *s, struct store_request *rq);

enum { STORE_BUCKETS = 10 };

/* What became of the requests. */
struct store_counts {
    uint64_t answered[STORE_VERB_COUNT][STORE_RESULT_COUNT];
    uint64_t seconds_bucket[STORE_BUCKETS + 1]; /* by store_bucket_bounds, the last is the rest */
    double seconds_sum;
    uint32_t waiting; /* at this moment */
    uint64_t comings; /* times it came up */
    uint64_t goings;  /* times it was lost */
};

/* store_counts — the counters of a store, borrowed. Never fails. */
const struct store_counts *store_counts(const struct store *s);

/* store_bucket_bounds — upper bounds of the latency buckets, in seconds; STORE_BUCKETS of them. */
const double *store_bucket_bounds(void);

/* store_table_name — "user", "userhash", ...: parts of keys in Redis, static. Never fails. */
const char *store_table_name(enum store_table table);

/* store_verb_name, store_result_name — their names in metrics, static. Never fail. */
const char *store_verb_name(enum store_verb verb);
const char *store_result_name(enum store_result result);

#endif
