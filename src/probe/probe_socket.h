/* probe_socket — messages to and from one server, over UDP, TCP, TLS or DTLS.
 * One thread.
 *
 *     UDP    open                              send, receive
 *     TCP    open  ->  connect                 send, receive
 *     DTLS   open              ->  secure  ->  send, receive
 *     TLS    open  ->  connect ->  secure  ->  send, receive       */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_SOCKET_H
#define PROBE_PROBE_SOCKET_H

#include "base/mono.h"
#include "base/span.h"
#include "net/tls_client.h"
#include "probe/probe_guess.h"
#include "probe/probe_input.h"
#include "probe/probe_route.h"
#include "probe/probe_trace.h"
#include "probe/probe_transport.h"

/* How to speak to a server; all borrowed. */
struct probe_socket_terms {
    enum probe_transport transport;
    bool is_turn;                    /* of TLS and DTLS: the first protocol to offer */
    const char *name;                /* of TLS and DTLS: of the server; NULL: it has none */
    const struct probe_trace *trace; /* may be NULL */
};

struct probe_socket {
    const struct probe_socket_terms *terms; /* borrowed */
    int fd;                                 /* -1 when closed */
    struct netaddr server;
    struct netaddr local;
    struct tls_client *tls;   /* owned; NULL before probe_socket_secure */
    bool is_secured;          /* the handshake is over */
    bool is_broken;           /* a stream: sending has shown it */
    enum probe_fate end;      /* how the connection ended; PROBE_FATE_OK: it has not */
    enum probe_fate seen;     /* of a DTLS handshake: the most telling thing so far, or SILENT */
    struct netaddr seen_from; /* whom that was from */
    size_t first_size, kept_size;
    uint8_t first[PROBE_GUESS_SIZE]; /* of a TLS handshake: how what came first begins */
    uint8_t kept[PROBE_INPUT_SIZE];  /* of a stream: what is no whole message yet */
};

/* probe_socket_open — a socket on the address that this machine reaches `server` from, and a port
 * of the system's choice; nothing is sent. `terms` borrowed for its life.
 * Returns 0, or a member of enum probe_route_error with *s closed. */
int probe_socket_open(struct probe_socket *s, const struct netaddr *server,
                      const struct probe_socket_terms *terms);

/* probe_socket_connect — connect a stream. Returns PROBE_FATE_OK, or what became of it, see
 * probe_tcp_connect. */
enum probe_fate probe_socket_connect(struct probe_socket *s, struct mono deadline);

/* probe_socket_secure — do the handshake of TLS or DTLS; nothing is said yet about the server's
 * certificate. Returns PROBE_FATE_OK, or what became of it: for ALERT and TLS_FAILED s->tls has the
 * words; for what others than the server said s->seen_from has the address; for NOT_SENT the reason
 * may be in errno. */
enum probe_fate probe_socket_secure(struct probe_socket *s, struct mono deadline);

/* probe_socket_close — close it; a closed one is taken. Never fails. */
void probe_socket_close(struct probe_socket *s);

/* probe_socket_send — send one message to the server: STUN, or ChannelData, which a stream gets
 * padded. Returns PROBE_FATE_OK; NOT_SENT with the reason in errno when this machine does not let
 * it out; s->end when that connection has ended. */
enum probe_fate probe_socket_send(struct probe_socket *s, struct span message);

/* probe_socket_receive — wait until `deadline` for one message, ICMP error or end of the
 * connection; behind an end there is nothing but ends. Never fails: *out says which, or that there
 * was nothing. */
void probe_socket_receive(struct probe_socket *s, struct mono deadline, struct probe_input *out);

#endif
