/* snapshot — a configuration as the rooms below take it: settings, policies, own addresses, keys.
 * Wiring; the control thread makes and frees them, workers read them. */
/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "net/worker.h"
#include "store/gate.h"
#include "conf.h"

/* A socket the configuration asks for: "*" is two of them, and udp and dtls, or tcp and tls, may
 * share one. */
struct snapshot_socket {
    struct netaddr address;
    char *realm;    /* challenged with here, owned; NULL: the first of the conf */
    bool may_lack;  /* half of a "*": a machine may have one family only */
    bool is_stream; /* of TCP */
    const struct conf_listener *plain; /* udp or tcp, borrowed from the conf; NULL: there is none */
    const struct conf_listener *secure; /* dtls or tls */
};

/* snapshot_listener — one of the listeners a socket is for. Never fails. */
static inline const struct conf_listener *snapshot_listener(const struct snapshot_socket *s)
{
    return s->plain ? s->plain : s->secure;
}

/* A certificate that is in use. */
struct snapshot_certificate {
    const char *certificate; /* its file, borrowed */
    const char *key;
    struct tls *tls;
};

struct snapshot;

/* snapshot_sockets — the sockets of a conf, in the order all workers number them in; at most
 * `room`. Returns how many; `room` + 1 when there would be more. Their realms are freed with
 * snapshot_forget. */
size_t snapshot_sockets(const struct conf *c, struct snapshot_socket *out, size_t room);

/* snapshot_forget — free what snapshot_sockets made. Never fails. */
void snapshot_forget(struct snapshot_socket *sockets, size_t count);

/* What a snapshot is made of, all borrowed for the call but `ports` and `conf`, which must outlive
 * it, as must the conf that the sockets were made of. */
struct snapshot_parts {
    const struct conf *conf;
    struct ports *ports;
    const struct snapshot_socket *sockets; /* as they are open */
    size_t socket_count;
    const struct snapshot *before; /* the one in force, whose realms keep their numbers; or NULL */
    uint32_t generation;           /* never used before */
    const struct netaddr
        *guarded; /* services that this server uses: no peers, whatever is allowed */
    size_t guarded_count;
    struct mirror *mirror; /* of the store; outlives it, like those that follow */
    struct flight_deck *deck;
    bool keeps_certificates; /* those of `before` serve on where they cannot be read now */
};

/* snapshot_new — everything workers need of a conf, with the machine's addresses as they are now.
 * Returns new, freed with snapshot_free; NULL with one sentence in `why`. */
struct snapshot *snapshot_new(const struct snapshot_parts *parts, char *why, size_t why_room);

/* snapshot_free — free it; NULL is taken. Never fails. */
void snapshot_free(struct snapshot *s);

/* snapshot_certificates — the certificates in use, borrowed from the snapshot; *count gets their
 * number. Never fails. */
const struct snapshot_certificate *snapshot_certificates(const struct snapshot *s, size_t *count);

/* snapshot_roster — users and secrets of the configuration, borrowed from the snapshot. Never
 * fails. */
const struct roster *snapshot_roster(const struct snapshot *s);

/* snapshot_settings — what the engine takes, borrowed from the snapshot. Never fails. */
const struct settings *snapshot_settings(const struct snapshot *s);

/* snapshot_own — the addresses of this machine, borrowed from the snapshot. Never fails. */
const struct own *snapshot_own(const struct snapshot *s);

/* snapshot_number — the number that the conf's realm `i` has in the engine. Never fails. */
uint8_t snapshot_number(const struct snapshot *s, size_t i);

/* snapshot_view — what workers take, borrowed from the snapshot. Never fails. */
const struct worker_view *snapshot_view(const struct snapshot *s);

#endif
