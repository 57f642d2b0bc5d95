/* connection — the connections of one worker: clients over TCP, TLS and DTLS, TCP connections to
 * peers and to a web server behind a listener. What each is at, how its bytes come and go, when its
 * time is over. Belongs to one worker.
 *
 *     accepted -> OPENING -> HANDSHAKE -> FRAMES ----------> JOINED -> closed
 *                    \____________________/  \_> ENDING       /
 *     to a peer:       CONNECTING -> WAITING ________________/
 *     to a web server: CONNECTING __________________________/
 *
 * A DTLS session is one without a socket: its datagrams come by a listener. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include <sys/epoll.h>

#include "base/slab.h"
#include "base/wheel.h"
#include "relay/path.h"
#include "net/outbox.h"

#define CONNECTION_NONE UINT32_MAX

enum {
    CONNECTION_READY_MAX = 64,     /* handled in one turn of the loop */
    CONNECTION_HANDSHAKES_MAX = 4, /* handshake steps in one turn: each may cost a signature */
    CONNECTION_OPENING_TIME = 10,  /* seconds: to the end of the handshake and the first message */
    CONNECTION_UNKNOWN_IDLE = 30,  /* between the messages of a client that has no allocation */
    CONNECTION_KNOWN_IDLE = 300,   /* of one that has had one */
    CONNECTION_STALL_TIME = 30,    /* a write that does not move */
    CONNECTION_CONNECT_TIME = 30,  /* RFC 6062 5.2: at least 30 */
    CONNECTION_WAITING_TIME = 30,  /* for the client to join a peer's, RFC 6062 5.3 */
};

enum connection_state {
    CONNECTION_OPENING,    /* its first bytes are to tell what it is */
    CONNECTION_HANDSHAKE,  /* of TLS or DTLS */
    CONNECTION_FRAMES,     /* STUN and ChannelData */
    CONNECTION_CONNECTING, /* to a peer or a web server */
    CONNECTION_WAITING,    /* of a peer, until a client joins it; not read */
    CONNECTION_JOINED,     /* bytes go to the other one */
    CONNECTION_ENDING,     /* what is unsent goes out, nothing is read */
};

/* What became of a read or a write. */
enum connection_io {
    CONNECTION_DONE,
    CONNECTION_WAIT,   /* nothing more for now */
    CONNECTION_END,    /* the other side sends no more */
    CONNECTION_FAILED, /* it is broken */
};

struct connection {
    struct slab_link link;
    struct wheel_link timer;
    int fd;             /* -1: DTLS */
    struct ssl_st *tls; /* owned; NULL: plain */
    struct path path;   /* of a client */
    struct outbox out;
    uint8_t *kept; /* owned: received and not handled, the beginning of a message; NULL: nothing */
    uint32_t kept_size;
    uint32_t seen;        /* OPENING: bytes that were looked at last */
    uint32_t other;       /* joined with, or CONNECTION_NONE */
    uint32_t link_number; /* the engine's number of a peer connection, or CONNECTION_NONE */
    uint32_t next_again;
    struct mono since; /* when it came to its state */
    struct mono heard; /* last message, or bytes either way when joined; 0: none yet */
    struct mono retry; /* DTLS: when the handshake repeats what it said; 0: never */
    struct mono moved; /* last time that unsent bytes went out, or began to wait */
    uint64_t passed;   /* JOINED: bytes from it that went on and were not counted yet */
    uint64_t source;   /* counted under this account; 0: not counted */
    uint64_t hello;    /* DTLS: hash of the hello it began with */
    bool was_moved;    /* once is enough: nobody goes to and fro between workers */
    uint16_t mover;    /* number + 1 of the worker that is to serve it from now on; 0: this one */
    uint8_t state;     /* enum connection_state */
    uint8_t watched;   /* EPOLLIN and EPOLLOUT as asked for at present; 0: in no epoll set */
    bool is_trusted;   /* it has had an allocation: whole messages are taken */
    bool is_held;      /* too many replies wait: nothing is read */
    bool is_waiting;   /* a request of it waits for a key: nothing is read until it is answered */
    bool is_again;     /* on the list of those to be looked at in the next turn */
    bool is_broken;    /* a write failed: to be closed */
    bool is_ended;     /* the other side sends no more */
    bool has_said_end; /* nor do we */
    bool wants_write;  /* TLS cannot read before it has written */
    bool awaits_proxy; /* a balancer's: a PROXY header comes first */
    bool may_be_web;   /* its first bytes may be HTTP */
    bool is_raw;       /* what is sent are bytes, no messages: it was joined */
    bool is_peer;      /* a peer's, or a web server's: no client */
};

struct connection_set {
    struct slab slab; /* struct connection */
    struct wheel wheel;
    int epoll;           /* of all but: */
    int handshakes;      /* those in a handshake, or before it */
    uint32_t again;      /* first of those to be looked at in the next turn */
    struct mono soonest; /* no deadline is nearer; {UINT64_MAX}: there is none */
};

/* connection_set_init — no connections, room for `capacity`; `memory` borrowed. Returns false when
 * memory or descriptors are short. */
bool connection_set_init(struct connection_set *set, const struct memory *memory, uint32_t capacity,
                         struct mono now);

/* connection_set_fini — close them all. Never fails. */
void connection_set_fini(struct connection_set *set);

/* connection_open — take over a socket that does not block (or -1, for DTLS) in a state. Returns
 * the connection, borrowed until connection_close; NULL when there is no room, the socket then
 * still the caller's. */
struct connection *connection_open(struct connection_set *set, int fd, enum connection_state state,
                                   struct mono now);

/* connection_close — close it and forget it. `is_reset`: with RST, unsent bytes lost. Never fails.
 */
void connection_close(struct connection_set *set, struct connection *c, bool is_reset);

/* connection_release — take a connection out of the set without closing it: *out becomes what it
 * was, to be given to connection_adopt or connection_scrap. Never fails. */
void connection_release(struct connection_set *set, struct connection *c, struct connection *out);

/* connection_adopt — have a connection that was opened with the socket of a released one be that
 * one. The numbers in its path change. Never fails. */
void connection_adopt(struct connection_set *set, struct connection *c,
                      const struct connection *released);

/* connection_scrap — close a released one. Never fails. */
void connection_scrap(struct connection *released);

/* connection_number — its number, for connection_at. Never fails. */
uint32_t connection_number(const struct connection_set *set, const struct connection *c);

/* connection_at — the live connection of a number, borrowed. Never fails. */
static inline struct connection *connection_at(const struct connection_set *set, uint32_t number)
{
    return slab_at(&set->slab, number);
}

/* connection_of — the connection a path belongs to. Returns NULL when it is gone. */
struct connection *connection_of(const struct connection_set *set, const struct path *path);

/* connection_of_event — the connection an epoll event is about. Returns NULL when it is gone. */
struct connection *connection_of_event(const struct connection_set *set,
                                       const struct epoll_event *event);

/* connection_name — complete its path with what tells it from others: call once its path is set.
 * Never fails. */
void connection_name(const struct connection_set *set, struct connection *c);

/* connection_go — have it enter a state, and be watched and timed accordingly. Never fails. */
void connection_go(struct connection_set *set, struct connection *c, enum connection_state state,
                   struct mono now);

/* connection_watch — ask epoll for what it waits for now. Never fails. */
void connection_watch(struct connection_set *set, struct connection *c);

/* connection_time — see that connection_due gives it at its deadline: call when that may have come
 * nearer. Never fails. */
void connection_time(struct connection_set *set, struct connection *c);

/* connection_due — one whose deadline has come. Returns NULL when there is none at `now`. */
struct connection *connection_due(struct connection_set *set, struct mono now);

/* connection_put_again — have connection_take_again give it in the next turn of the loop. Never
 * fails. */
void connection_put_again(struct connection_set *set, struct connection *c);

/* connection_take_again — the next that was put there. Returns NULL when there is none. */
struct connection *connection_take_again(struct connection_set *set);

/* connection_deadline — the moment by which something has to have happened; {UINT64_MAX}: none.
 * Never fails. */
struct mono connection_deadline(const struct connection *c);

/* connection_read — read up to `room` bytes. CONNECTION_DONE with *got above 0, or why not. */
enum connection_io connection_read(struct connection *c, uint8_t *bytes, size_t room, size_t *got);

/* connection_write — write up to `size` bytes. CONNECTION_DONE with *sent above 0, or why not; over
 * TLS the same bytes must come again after CONNECTION_WAIT. */
enum connection_io connection_write(struct connection *c, const uint8_t *bytes, size_t size,
                                    size_t *sent);

/* connection_flush — send what is unsent. Returns CONNECTION_DONE when nothing is left,
 * CONNECTION_WAIT, or CONNECTION_FAILED. */
enum connection_io connection_flush(struct connection *c, struct mono now);

/* connection_break — a write failed: forget what is unsent, and have it closed in the next turn.
 * Never fails. */
void connection_break(struct connection_set *set, struct connection *c);

#endif
