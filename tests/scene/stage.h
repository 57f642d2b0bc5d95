/* stage — the world round one engine: time, memory, chance, relay ports, users, and what leaves.
 * Tests only; one thread. It does for the core what net, store and the wiring do in the server, so
 * the data path goes through relay/forward just as there. */
/* SPDX-License-Identifier: MIT */
#ifndef SCENE_STAGE_H
#define SCENE_STAGE_H

#include "engine/peer_connection.h"
#include "engine/quota.h"
#include "engine/turn.h"
#include "relay/forward.h"
#include "support/dice.h"
#include "support/digest.h"

enum {
    STAGE_ENDPOINTS_MAX = 4096,
    STAGE_RESERVES_MAX = 16,
    STAGE_USERS_MAX = 64,
    STAGE_SECRETS_MAX = 8,
    STAGE_RULES_MAX = 64,
    STAGE_HEARD_MAX = 512,
    STAGE_EVENTS_MAX = 2048,
    STAGE_QUOTA_CELLS = 1024,
    STAGE_PORT_FIRST = 50000,
    STAGE_RESERVE_LIFETIME = 30, /* seconds, RFC 8656 7.2 */
    STAGE_CLIENTS_MAX = 64,      /* connections of clients */
    STAGE_CALLS_MAX = 128,       /* connections with peers */
    STAGE_CALL_TIME = 30,        /* seconds to be made, and to be joined, RFC 6062 5.2, 5.3 */
    STAGE_WORKER = 3,            /* the number of the engine's worker */
};

/* What the engine had its host do with connections, beside sending. */
enum stage_deed {
    STAGE_DEED_NONE,
    STAGE_DEED_CONNECTS,    /* from `local` to `peer` */
    STAGE_DEED_DISCONNECTS, /* the one with `peer` */
    STAGE_DEED_JOINS,       /* that of `path` with the one with `peer` */
    STAGE_DEED_MOVES,       /* that of `path` to worker `number` */
    STAGE_DEED_REFUSES,     /* the call of `peer` at `local` is not taken */
};

/* What the engine or the data path let out. */
struct stage_heard {
    enum stage_deed deed; /* else it is bytes */
    uint32_t number;      /* of the connection with a peer, or of a worker */
    bool is_to_peer;      /* else to a client, along `path` */
    bool is_from_engine;  /* by host->send, else a verdict */
    struct path path;
    uint32_t endpoint;    /* to a peer: from here */
    struct netaddr local; /* to a peer: the address it leaves from */
    struct peer_addr peer;
    uint8_t tos;
    bool df;
    size_t size;
    uint8_t *bytes; /* owned */
};

struct stage_event {
    enum turn_event_kind kind;
    enum turn_reason reason;
    uint16_t method, code;
    char user[STUN_NAME_MAX + 1];
    size_t user_size;
    char realm[STUN_NAME_MAX + 1];
    struct netaddr relayed[FLOW_FAMILIES];
    struct netaddr peer;
    uint64_t session, duration_ns;
    struct flow_traffic up, down;
    uint16_t permissions, channels;
};

struct stage_endpoint {
    bool is_open;
    bool is_stream; /* of TCP */
    struct netaddr local, told;
};

/* A client's connection, at its slot; path.connection is the slot. */
struct stage_client {
    bool is_open; /* and the engine's: neither joined nor moved */
    uint16_t generation;
};

enum stage_call_state { STAGE_CALL_NONE, STAGE_CALL_BEGUN, STAGE_CALL_MADE, STAGE_CALL_JOINED };

/* A TCP connection between a relayed address and a peer, as net has it. */
struct stage_call {
    enum stage_call_state state;
    uint32_t link; /* the engine's number of it */
    uint32_t endpoint;
    struct peer_addr peer;
    struct mono until;  /* to be made, or joined */
    struct path client; /* that it is joined with */
};

struct stage_reserve {
    bool is_used;
    struct netaddr local, told;
    uint64_t account;
    struct mono until;
    uint8_t token[STUN_TOKEN_SIZE];
};

struct stage_user {
    bool is_used;
    bool is_late;     /* its key is still being fetched */
    bool is_password; /* else `secret` is not used */
    uint8_t realm;
    char name[STUN_NAME_MAX + 1];
    size_t name_size;
    char password[128];
    struct wall expires; /* 0: never */
    struct wall not_before;
    size_t owner_size; /* the end of the name that quotas count by; 0: all of it */
    struct rights rights;
    bool is_revoked; /* the keyring refuses it */
};

enum stage_secret_form { STAGE_EXPIRY_FIRST, STAGE_USER_FIRST };

struct stage_secret {
    bool is_used;
    uint8_t realm;
    bool is_sha256;
    enum stage_secret_form form; /* bare expiry is taken under both */
    char text[128];
};

struct stage_memory {
    struct memory memory;
    unsigned commits;
    unsigned fail_at; /* 0: none */
    bool fail_all;    /* from then on */
    unsigned reservations;
};

/* What a scene's file may set; becomes struct settings at the start and at each reload. */
struct stage_config {
    struct settings settings; /* own and policies are filled in at put_in_force */
    struct policy_rule rule[SETTINGS_REALMS_MAX][STAGE_RULES_MAX];
    size_t rule_count[SETTINGS_REALMS_MAX];
    struct own own;
    uint8_t focus; /* realm that realm words speak of */
    uint32_t capacity;
    uint16_t ports; /* per address, from STAGE_PORT_FIRST */
    uint16_t workers;
    bool has_family[FLOW_FAMILIES];
};

/* One snapshot with all it borrows. */
struct stage_snapshot {
    struct settings settings;
    struct own own;
    struct policy_rule rule[SETTINGS_REALMS_MAX][STAGE_RULES_MAX];
};

struct stage {
    struct stage_config config;
    struct stage_snapshot *snapshot[2];
    unsigned which; /* snapshot in force */
    uint32_t generation;

    struct now now;
    struct mono due; /* when turn_tick wants to be called */
    struct stage_memory memory;
    struct dice dice;
    struct entropy entropy;
    struct digest_evp evp;
    struct digest digest; /* of evp */
    struct keyring keyring;
    struct limiter *limiter;
    struct quota quota;
    void *quota_memory;
    struct turn_host host;
    struct turn *turn;
    bool is_started;
    bool is_dead; /* memory did not even suffice to start */

    void *live[OWN_HOSTS_MAX]; /* 65536 bytes each, made when first needed */
    struct stage_endpoint endpoint[STAGE_ENDPOINTS_MAX];
    struct stage_reserve reserve[STAGE_RESERVES_MAX];
    struct stage_client client[STAGE_CLIENTS_MAX]; /* [0] is nobody's */
    struct stage_call call[STAGE_CALLS_MAX];
    bool is_cut_off; /* no connection to a peer can even be begun */
    struct stage_user user[STAGE_USERS_MAX];
    struct stage_secret secret[STAGE_SECRETS_MAX];
    bool is_store_down;
    bool are_shares_late; /* of quotas beyond this node: being fetched */
    uint64_t awaited;     /* the account whose share was asked for last */
    unsigned look_ups;

    struct stage_heard heard[STAGE_HEARD_MAX];
    int heard_count;
    struct stage_event event[STAGE_EVENTS_MAX];
    int event_count;
    uint64_t taken;     /* quota units out, by the stage's own count */
    const char *broken; /* an invariant that did not hold, or NULL */
};

/* stage_new — a world at rest; commit number `fail_at` (0: none) fails, and with `fail_all` those
 * behind it too. Returns new. */
struct stage *stage_new(unsigned fail_at, bool fail_all);

/* stage_free — take the world down; see stage_check before. */
void stage_free(struct stage *s);

/* stage_start — start the engine if it does not run yet. Returns false when memory was short. */
bool stage_start(struct stage *s);

/* stage_reload — put the present configuration in force. Never fails. */
void stage_reload(struct stage *s);

/* stage_wait — let `seconds` pass, calling turn_tick whenever it asked for it. */
void stage_wait(struct stage *s, uint64_t seconds);

/* stage_sleep — let time pass without a single tick: what holds must not depend on sweeps. */
void stage_sleep(struct stage *s, uint64_t ns);

/* stage_from_client — one datagram from a client, all the way: verdict, recheck, engine, sending.
 * `bytes` borrowed. */
void stage_from_client(struct stage *s, const struct path *path, struct span bytes, uint8_t tos);

/* stage_from_peer — one datagram that came in by an endpoint. */
void stage_from_peer(struct stage *s, uint32_t endpoint, const struct netaddr *peer,
                     struct span bytes, uint8_t tos);

/* stage_hear — note bytes that leave, or with `deed` what else is done. Returns the note, borrowed.
 */
struct stage_heard *stage_hear(struct stage *s, enum stage_deed deed, struct span bytes);

/* stage_hear_nothing — forget what was heard so far. */
void stage_hear_nothing(struct stage *s);

/* stage_drop_heard — forget item `i` of what was heard. */
void stage_drop_heard(struct stage *s, int i);

/* stage_check — whether the host's count of connections is the engine's. Returns NULL when all is
 * well, else what is not, static. */
const char *stage_check(const struct stage *s);

/* stage_finish — let all allocations run out (or, `at_once`, end them), then look for leaks and
 * sums that do not add up. Returns NULL when all is well, else what is not, static. */
const char *stage_finish(struct stage *s, bool at_once);

/* stage_endpoint_of — the open endpoint with this told or local address. Returns its number, or
 * UINT32_MAX. */
uint32_t stage_endpoint_of(const struct stage *s, const struct netaddr *a);

/* stage_config_init — what a scene begins with: realm "example.org", relay addresses 198.51.100.1
 * and 2001:db8:1::1, listeners at port 3478, peers allowed in 192.0.2.0/24 and 2001:db8:2::/48. */
void stage_config_init(struct stage_config *c);

/* stage_config_set — one `set NAME VALUE`. Returns false when the name or value makes no sense. */
bool stage_config_set(struct stage_config *c, const char *name, const char *value);

/* stage_config_snapshot — make a snapshot of the configuration. */
void stage_config_snapshot(struct stage *s, struct stage_snapshot *out);

/* stage_ports_open, stage_ports_close — the host's side of endpoints, see struct turn_host. */
enum turn_open_result stage_ports_open(void *context, const struct turn_wish *wish,
                                       struct turn_endpoint *out);
void stage_ports_close(void *context, uint32_t endpoint);

/* stage_connections_open — give a path of a connection one of its own, fresh. Never fails. */
void stage_connections_open(struct stage *s, struct path *path);

/* stage_connections_close — the client's end of its connection is gone: so is the allocation, or
 * what it was joined with. Never fails. */
void stage_connections_close(struct stage *s, const struct path *path);

/* stage_connections_has — whether a path has what it needs to reach the engine. Never fails. */
bool stage_connections_has(const struct stage *s, const struct path *path);

/* stage_connections_connect, _disconnect, _join, _move — the host's side, see struct turn_host. */
bool stage_connections_connect(void *context, uint32_t endpoint, const struct peer_addr *peer,
                               uint32_t link, uint32_t *number);
void stage_connections_disconnect(void *context, uint32_t number);
void stage_connections_join(void *context, const struct path *client, uint32_t number);
bool stage_connections_move(void *context, const struct path *client, unsigned worker);

/* stage_connections_find — the number of the connection of an endpoint with a peer; UINT32_MAX when
 * there is none. */
uint32_t stage_connections_find(const struct stage *s, uint32_t endpoint,
                                const struct netaddr *peer);

/* stage_connections_made — it is made, or cannot be. Never fails. */
void stage_connections_made(struct stage *s, uint32_t number, bool is_connected);

/* stage_connections_call — a peer connects to a relayed address. Never fails. */
void stage_connections_call(struct stage *s, uint32_t endpoint, const struct netaddr *peer);

/* stage_connections_leave — the peer's end is gone, and the client's that is joined with it. Never
 * fails. */
void stage_connections_leave(struct stage *s, uint32_t number);

/* stage_connections_next — when the next one has waited long enough; {0}: none waits. */
struct mono stage_connections_next(const struct stage *s);

/* stage_connections_expire — end those that have waited long enough. Never fails. */
void stage_connections_expire(struct stage *s);

/* stage_live_map — the live map of an own host. */
_Atomic uint8_t *stage_live_map(struct stage *s, int host);

/* stage_keyring_find — struct keyring's find over the users and secrets of the scene. */
enum keyring_answer stage_keyring_find(void *context, const struct keyring_query *query,
                                       const struct digest *digest, struct keyring_found *out);

/* stage_keyring_password — base64(HMAC(secret, name)) as the TURN REST convention has it, NUL-
 * terminated into `out` of at least 64 bytes. */
void stage_keyring_password(const struct digest *digest, const char *secret, bool is_sha256,
                            struct span name, char *out);

#endif
