/* turn — a TURN server as a state machine: messages and the time in, messages and effects out.
 * Pure: no socket, clock, heap, random or print; all that is handed in as struct turn_host.
 * Belongs to one worker.
 *
 *   turn_receive -> binding, or auth -> allocate, refresh, permission, channel_bind -> reply
 *   turn_tick    -> allocation: what has expired
 *   turn_reload  -> new settings; permissions are asked again as they are used             */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TURN_H
#define ENGINE_TURN_H

#include "base/wheel.h"
#include "relay/flow.h"
#include "engine/keyring.h"
#include "engine/limiter.h"
#include "engine/method.h"
#include "engine/refusal.h"
#include "engine/settings.h"
#include "engine/user.h"

enum { TURN_PARKED_MAX = 64 }; /* requests waiting for a key, per worker */

enum turn_open_result {
    TURN_OPENED,
    TURN_NO_FAMILY, /* no relay address of that family: 440 */
    TURN_NO_PORT,   /* none left, token unknown, or descriptors used up: 508 */
};

/* What relayed transport address is wanted, RFC 8656 7.2. */
struct turn_wish {
    enum netaddr_family family;
    const struct path *path; /* of the client: the address it came to is the first choice */
    uint64_t account;        /* reservations are kept for the account that made them */
    bool is_stream;          /* of TCP, RFC 6062 */
    bool even;               /* an even port */
    bool reserve_next;       /* and the odd one above it kept */
    bool has_token;          /* the port kept under `token` */
    uint8_t token[STUN_TOKEN_SIZE];
};

struct turn_endpoint {
    uint32_t number;                /* unique while open, from 0 up, below twice the capacity */
    struct netaddr told;            /* relayed transport address as clients are told */
    uint8_t token[STUN_TOKEN_SIZE]; /* when reserve_next was asked */
};

/* Whose allocations are counted. */
enum turn_account {
    TURN_ACCOUNT_NODE,
    TURN_ACCOUNT_REALM,
    TURN_ACCOUNT_USER,       /* the user part of the name */
    TURN_ACCOUNT_TENANT,     /* the label of the credential */
    TURN_ACCOUNT_CREDENTIAL, /* its id */
};

/* One more allocation that an account wants to have. */
struct turn_claim {
    enum turn_account kind;
    uint64_t account;  /* a hash of 64 bits: what is counted by */
    uint32_t limit;    /* over all nodes, but for NODE and REALM; 0: no limit */
    struct span realm; /* borrowed, as is `name`: of USER, TENANT and CREDENTIAL alone */
    struct span name;
};

enum turn_taken {
    TURN_TAKEN,
    TURN_FULL,       /* the limit is reached */
    TURN_TAKE_LATER, /* a share is being fetched: turn_share_arrived will be called */
};

enum turn_event_kind {
    TURN_EVENT_OPENED,    /* an allocation began */
    TURN_EVENT_CLOSED,    /* it ended: the one record with totals */
    TURN_EVENT_REFUSED,   /* a request was refused with `code` */
    TURN_EVENT_PERMITTED, /* a permission or channel was made: `peer` */
    TURN_EVENT_LIVES,     /* it goes on: totals so far, every settings.interim seconds */
    TURN_EVENT_KIND_COUNT
};

enum turn_reason {
    TURN_REASON_NONE,
    TURN_REASON_CLIENT,  /* Refresh with lifetime 0 */
    TURN_REASON_EXPIRED, /* its time was over */
    TURN_REASON_USER,    /* its user is gone from the configuration */
    TURN_REASON_SHUTDOWN,
    TURN_REASON_DISCONNECTED, /* its connection is gone */
    TURN_REASON_REVOKED,      /* its credential was taken back */
    TURN_REASON_KICKED,       /* an operator ended it */
    TURN_REASON_COUNT
};

/* Something the operator may want to know. Borrowed for the length of the call. */
struct turn_event {
    enum turn_event_kind kind;
    enum turn_reason reason;
    uint64_t session; /* unique: 24 bits of boot, 8 of worker, 32 of count */
    const struct path *path;
    uint16_t method;  /* of the request */
    uint16_t code;    /* of a refusal */
    struct span user; /* as on the wire; may be empty */
    struct span realm;
    struct span owner;           /* the user part of it, where it is longer; else empty */
    const struct rights *rights; /* NULL: plain ones */
    struct netaddr relayed[FLOW_FAMILIES];
    struct netaddr peer;
    uint64_t duration_ns;
    struct flow_traffic up, down;
    uint16_t permissions, channels; /* at the end */
};

/* What the engine asks of its surroundings. All on the worker's thread; none may block. */
struct turn_host {
    void *context;
    /* send — have a message of at most STUN_MESSAGE_MAX bytes leave along a path; copied. */
    void (*send)(void *context, const struct path *to, const uint8_t *bytes, size_t size);
    /* open — a relayed transport address. Returns TURN_OPENED with *out filled, or why not. */
    enum turn_open_result (*open)(void *context, const struct turn_wish *wish,
                                  struct turn_endpoint *out);
    /* close — give an endpoint back; its number may come again. */
    void (*close)(void *context, uint32_t endpoint);
    /* connect — begin to connect from the relayed address `endpoint`, of TCP, to a peer, for the
     * engine's peer connection `link`; *number becomes net's number of it. connect_finish is to
     * be told the outcome. False: impossible at once. */
    bool (*connect)(void *context, uint32_t endpoint, const struct peer_addr *peer, uint32_t link,
                    uint32_t *number);
    /* disconnect — close a peer connection, and the client's that is joined with it. */
    void (*disconnect)(void *context, uint32_t number);
    /* join — have the client's connection of a path and a peer's be one from now on: the path is
     * the engine's no more. */
    void (*join)(void *context, const struct path *client, uint32_t number);
    /* move — have another worker serve the connection of a path, and the message at hand. Returns
     * false when there is no such worker, or it is this one. */
    bool (*move)(void *context, const struct path *client, unsigned worker);
    /* take — count one more for an account. Returns TURN_TAKEN, or why not. */
    enum turn_taken (*take)(void *context, const struct turn_claim *claim);
    /* give — count one less. */
    void (*give)(void *context, enum turn_account kind, uint64_t account);
    /* event — something happened. */
    void (*event)(void *context, const struct turn_event *event);
    const struct memory *memory;
    const struct entropy *entropy;
    const struct digest *digest;
    const struct keyring *keyring;
    struct limiter *limiter;        /* shared by all workers */
    struct siphash_key nonce_key;   /* shared by all workers, and by nodes that share it */
    struct siphash_key account_key; /* shared by all workers */
    uint32_t boot;     /* random per process, shared by its workers: sessions of two runs differ */
    uint16_t worker;   /* number of this one */
    uint32_t capacity; /* allocations at most */
};

enum { TURN_PATHS = 5 };

/* Everything the engine counts, for metrics. */
struct turn_counts {
    uint64_t answers[METHOD_COUNT][REFUSAL_COUNT]; /* by method_name; [REFUSAL_NONE]: success */
    uint64_t opened_by[TURN_PATHS], closed_by[TURN_PATHS]; /* allocations, by kind of path */
    uint64_t closed_for[TURN_REASON_COUNT];
    uint64_t bindings;
    uint64_t challenges;     /* 401 without integrity, and 438 */
    uint64_t unauthorized;   /* 401 with integrity */
    uint64_t limited;        /* unauthenticated answers the limiter held back */
    uint64_t ignored;        /* messages that get no answer, whatever they are */
    uint64_t opened, closed; /* allocations */
    uint64_t refused;        /* signed refusals */
    uint64_t parked, park_full;
    uint64_t connects, connect_failures; /* to peers over TCP */
    uint64_t attempts, attempts_refused; /* by peers over TCP */
};

enum turn_revoked {
    TURN_REVOKED_ACCOUNT, /* all of an account: `kind` and `name` */
    TURN_REVOKED_NAME,    /* who logged in by exactly this name */
};

/* What is no longer good: credentials of before a moment. */
struct turn_revocation {
    enum turn_revoked what;
    enum turn_account kind; /* USER, TENANT or CREDENTIAL */
    uint8_t realm;
    struct wall issued_by; /* those issued later stay */
    uint16_t name_size;
    char name[STUN_NAME_MAX + 1];
};

enum { TURN_REVOCATIONS_MAX = 16 }; /* worked at side by side; more wait for none */

/* A revocation that is being carried out. */
struct turn_revoking {
    struct turn_revocation revocation;
    uint64_t account;
    uint32_t hash; /* of the name */
    uint32_t next; /* flow to look at next */
    uint32_t end;  /* of those that were there; later ones the keyring refuses */
};

struct turn {
    const struct turn_host *host;    /* borrowed */
    const struct settings *settings; /* borrowed; the snapshot in force */
    struct flow_table flows;
    struct user_table users;
    struct region allocations;    /* struct allocation, at the index of its flow */
    struct wheel wheel;           /* of allocations, 1 s */
    struct region parking_memory; /* struct parking, see engine/park */
    struct slab peers;            /* struct peer_connection */
    struct table peer_by_id;
    uint64_t sessions;             /* begun so far */
    uint32_t review_next;          /* flows that a reload has yet to review: from here */
    uint32_t review_end;           /* to here */
    struct region revoking_memory; /* of struct turn_revoking */
    uint32_t revoking;             /* how many are being carried out */
    bool is_draining;              /* no new allocations */
    struct turn_counts counts;
};

/* turn_init — an engine without allocations. `host` and `settings` borrowed until turn_fini or, for
 * the settings, until turn_reload replaces them. Returns false when memory is short. */
bool turn_init(struct turn *t, const struct turn_host *host, const struct settings *settings,
               struct now now);

/* turn_fini — release all memory; end the allocations first with turn_end_all. Never fails. */
void turn_fini(struct turn *t);

/* turn_receive — handle one STUN message from a client that is no Send indication: answer it by
 * host->send at once, later (a key is being fetched) or never, as the RFCs say. `bytes` borrowed
 * for the call. Any bytes whatever are safe. Never fails. */
void turn_receive(struct turn *t, const struct path *from, struct span bytes, struct now now);

/* turn_key_arrived — go on with the requests parked for this user: the keyring knows more now.
 * `name` is as it was asked for, a USERHASH where it was one. Never fails. */
void turn_key_arrived(struct turn *t, uint8_t realm, struct span name, struct now now);

/* turn_share_arrived — go on with the requests parked for an account: its share is known now. Never
 * fails. */
void turn_share_arrived(struct turn *t, uint64_t account, struct now now);

/* turn_is_waiting — whether a request of a path waits for a key: what follows it in a stream should
 * wait as well. Never fails. */
bool turn_is_waiting(const struct turn *t, const struct path *path);

/* turn_disconnected — the connection of a path is gone: end the allocation it has, if any, and
 * forget the requests that wait for a key. Never fails. */
void turn_disconnected(struct turn *t, const struct path *path, struct now now);

/* turn_has_allocation — whether a path has an allocation within its time. Never fails. */
bool turn_has_allocation(const struct turn *t, const struct path *path, struct mono now);

/* turn_recheck — ask the present policy about a permission that an older one gave (relay's
 * FORWARD_RECHECK); it is brought up to date, or withdrawn with its channels. Never fails. */
void turn_recheck(struct turn *t, uint32_t permit);

/* turn_icmp — an ICMP error came back for a datagram sent to `peer` from an endpoint: tell the
 * client where the settings say so and a permission is there, RFC 8656 11.5, 18.13. `type` and
 * `code` as received, `mtu` 0 unless the packet was too big. Never ends an allocation. */
void turn_icmp(struct turn *t, uint32_t endpoint, const struct peer_addr *peer, uint8_t type,
               uint8_t code, uint32_t mtu, struct now now);

/* turn_tick — end what is over at `now`, a bounded number of steps at a time. Returns when to call
 * again; {0} when nothing waits. */
struct mono turn_tick(struct turn *t, struct now now);

/* turn_needs_tick — whether anything waits for the time to pass: turn_tick must be called within a
 * second. Never fails. */
bool turn_needs_tick(const struct turn *t);

/* turn_reload — put a new snapshot in force. Users that are gone lose their allocations,
 * credentials that are gone get their realm's grace: seen to by the next calls of turn_tick, a
 * bounded number at a time, so call it at once. The old snapshot is no longer used. Never fails. */
void turn_reload(struct turn *t, const struct settings *settings);

/* turn_review — ask the keyring about every user again, as after a reload: a secret is gone. Never
 * fails. */
void turn_review(struct turn *t);

/* turn_is_reviewing — whether turn_tick has revocations or a review to go on with. Never fails. */
static inline bool turn_is_reviewing(const struct turn *t)
{
    return t->revoking > 0 || t->review_next < t->review_end;
}

/* turn_revoke — end the allocations of what was revoked: by the next calls of turn_tick, a bounded
 * number at a time, so call it at once. `revocation` is copied. The keyring must refuse it already.
 * Never fails. */
void turn_revoke(struct turn *t, const struct turn_revocation *revocation, struct now now);

/* turn_kick — end one allocation by its session. Returns whether there was one. */
bool turn_kick(struct turn *t, uint64_t session, struct now now);

/* turn_each — tell of the allocations among `steps` records from number `from` on, each as a
 * TURN_EVENT_LIVES. Returns where to go on; UINT32_MAX behind the last. */
uint32_t turn_each(const struct turn *t, uint32_t from, uint32_t steps, struct now now,
                   void (*tell)(void *context, const struct turn_event *event), void *context);

/* turn_drain — refuse new allocations from now on (300 where alternates are set, else 508). Never
 * fails. */
void turn_drain(struct turn *t);

/* turn_end_all — end every allocation for `reason`, each with its record. Never fails. */
void turn_end_all(struct turn *t, enum turn_reason reason, struct now now);

/* turn_live — allocations at this moment. Never fails. */
static inline uint32_t turn_live(const struct turn *t)
{
    return t->flows.flows.live;
}

/* turn_reason_name — the name of a reason as logs and metrics have it, static. Never fails. */
const char *turn_reason_name(enum turn_reason reason);

#endif
