/* probe_check — the steps of a check. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_check.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "net/clock.h"
#include "probe/probe_cause.h"
#include "probe/probe_certificate.h"
#include "probe/probe_relay.h"
#include "probe/probe_resolve.h"
#include "probe/probe_scope.h"

enum {
    CHANNEL = CHANNEL_MIN,
    SMALL_COUNT = 10, /* packets through the relay */
    SMALL_SIZE = 160, /* bytes: 20 ms of telephony */
    LARGE_COUNT = 3,
};

/* The check of one address. */
struct check {
    const struct probe_check_plan *plan;
    struct probe_report *report;
    struct netaddr server;
    bool is_redirected;       /* we came here by a 300 */
    struct netaddr alternate; /* where a 300 of this server sends us, else family NETADDR_NONE */
    unsigned facts;           /* enum probe_cause_fact */
    unsigned faults;          /* enum tls_client_fault: of the certificate that was reported */
    bool has_software;        /* the server's SOFTWARE was said */
    struct probe_client a, b;
    struct probe_answer answer; /* of the request last made */
    struct probe_step step;     /* the one that is being made */
};

enum outcome { PASSED, FAILED, SKIPPED };

/* finish — find the cause of a failure, and report the step. Returns whether to go on. */
static bool finish(struct check *c)
{
    if (probe_fate_is_failure(c->step.fate) || c->step.fate == PROBE_FATE_NO_ROUTE) {
        c->step.cause = probe_cause_find(&c->step, c->facts);
    }
    probe_report_step(c->report, &c->step);
    return c->step.fate == PROBE_FATE_OK || c->step.is_tolerated;
}

/* take_alternate — where a 300 sends us; not to ourselves, nor to the other family, RFC 8489 10. */
static void take_alternate(struct check *c)
{
    struct span value = stun_message_value(&c->answer.message, STUN_KNOWN_ALTERNATE_SERVER);
    struct reader r = reader_init(value.bytes, value.size);
    reader_u8(&r);
    struct netaddr to = {.family = reader_u8(&r)};
    to.port = reader_u16(&r);
    const uint8_t *ip = reader_bytes(&r, netaddr_size(&to));
    if (!reader_is_ok(&r) || to.family != c->server.family || netaddr_is_equal(&to, &c->server)) {
        return;
    }
    memcpy(to.ip, ip, netaddr_size(&to));
    probe_step_address(&c->step, "alternate", &to);
    c->step.fate = c->is_redirected ? PROBE_FATE_REDIRECTED_AGAIN : PROBE_FATE_REDIRECTED;
    c->alternate = to;
}

static void say_refusal(struct check *c)
{
    probe_step_say(&c->step, c->answer.reason);
    if (c->answer.code == 300) {
        take_alternate(c);
    }
}

static void say_error(struct probe_step *step, int error)
{
    if (error != 0) {
        probe_step_say(step, span_of_text(strerror(error)));
    }
}

/* is_from_others — fates of which the address that is behind them tells something. */
static bool is_from_others(enum probe_fate fate)
{
    return fate == PROBE_FATE_ELSEWHERE || fate == PROBE_FATE_UNREACHABLE ||
           fate == PROBE_FATE_PROHIBITED || fate == PROBE_FATE_TOO_BIG;
}

/* take_answer — what every answer tells: fate, time, the server's own words. */
static void take_answer(struct check *c)
{
    const struct probe_answer *answer = &c->answer;
    struct probe_step *step = &c->step;
    step->fate = answer->fate;
    step->code = answer->code;
    step->ns = answer->ns;
    switch (answer->fate) {
    case PROBE_FATE_REFUSED:
        say_refusal(c);
        break;
    case PROBE_FATE_NOT_SENT:
        say_error(step, answer->error);
        break;
    case PROBE_FATE_ALERT:
    case PROBE_FATE_TLS_FAILED:
        probe_step_say(step, answer->reason);
        break;
    default:
        break;
    }
    if (is_from_others(answer->fate) && answer->from.family != NETADDR_NONE) {
        probe_step_address(step, "from", &answer->from);
    }
    if (answer->sent > 1) {
        probe_step_number(step, "retransmissions", answer->sent - 1, "");
    }
}

static void say_software(struct check *c)
{
    struct span software = {0};
    if (c->answer.fate == PROBE_FATE_OK || c->answer.fate == PROBE_FATE_REFUSED) {
        software = stun_message_value(&c->answer.message, STUN_KNOWN_SOFTWARE);
    }
    if (software.size > 0 && !c->has_software) {
        c->has_software = true;
        probe_step_text(&c->step, "software", software);
    }
}

static void say_binding(struct check *c)
{
    const struct probe_client *a = &c->a;
    bool is_same = netaddr_is_equal(&a->mapped, &a->socket.local);
    probe_step_address(&c->step, "mapped", &a->mapped);
    probe_step_address(&c->step, "local", &a->socket.local);
    probe_step_word(&c->step, "nat", is_same ? "none" : "yes");
    say_software(c);
}

static bool do_binding(struct check *c)
{
    probe_step_init(&c->step, PROBE_STEP_BINDING, 0);
    probe_client_bind(&c->a, &c->answer);
    take_answer(c);
    if (c->step.fate == PROBE_FATE_OK) {
        say_binding(c);
    }
    return finish(c);
}

/* say_algorithms — the names in PASSWORD-ALGORITHMS. */
static void say_algorithms(struct check *c, const struct probe_client *client)
{
    char bytes[PROBE_STEP_VALUE_SIZE];
    struct text t = text_init(bytes, sizeof(bytes));
    struct reader r = reader_init(client->algorithms, client->algorithms_size);
    while (r.left > 0 && reader_is_ok(&r)) {
        uint16_t number = reader_u16(&r);
        size_t parameters = reader_u16(&r);
        reader_bytes(&r, (parameters + 3) & ~(size_t)3);
        text_put(&t, t.used > 0 ? " " : "");
        if (number == STUN_ALGORITHM_MD5 || number == STUN_ALGORITHM_SHA256) {
            text_put(&t, number == STUN_ALGORITHM_MD5 ? "MD5" : "SHA-256");
        } else {
            text_u64(&t, number);
        }
    }
    probe_step_word(&c->step, "algorithms", t.used > 0 ? bytes : "unnamed (MD5)");
}

static bool do_challenge(struct check *c, struct probe_client *client)
{
    probe_step_init(&c->step, PROBE_STEP_CHALLENGE, client->side);
    probe_client_challenge(client, &c->answer);
    take_answer(c);
    if (client->realm_size > 0) {
        probe_step_text(&c->step, "realm", (struct span){client->realm, client->realm_size});
        probe_step_text(&c->step, "nonce", (struct span){client->nonce, client->nonce_size});
        say_algorithms(c, client);
    }
    if (client->is_allocated) {
        probe_step_note(&c->step, "The server relays for anybody, without credentials: it is open "
                                  "to abuse, and the credential could not be checked.");
    }
    say_software(c);
    return finish(c);
}

static void say_allocation(struct check *c, const struct probe_client *client)
{
    probe_step_address(&c->step, "relayed", &client->relayed);
    probe_step_number(&c->step, "lifetime", client->lifetime, " s");
    if (probe_scope_is_private(&client->relayed) && !probe_scope_is_private(&c->server)) {
        c->facts |= PROBE_CAUSE_RELAY_PRIVATE;
        probe_step_note(&c->step,
                        "The relayed address is private although the server's is public: peers on "
                        "the internet cannot reach it. `relay { external }` is missing (coturn: "
                        "external-ip), unless only peers of that network are meant.");
    }
}

/* allocate — by family: not said first, as browsers do, then what the server may have instead. */
static void allocate(struct check *c, struct probe_client *client)
{
    static const enum netaddr_family families[] = {NETADDR_NONE, NETADDR_IPV6, NETADDR_IPV4};
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        probe_client_allocate(client, families[i], &c->answer);
        if (c->answer.fate != PROBE_FATE_REFUSED || c->answer.code != 440) {
            if (i > 0) {
                probe_step_note(&c->step, "The server has no IPv4 relay address and refuses "
                                          "clients that do not ask for IPv6 by name, as browsers "
                                          "do not.");
            }
            return;
        }
    }
}

static bool do_allocate(struct check *c, struct probe_client *client)
{
    probe_step_init(&c->step, PROBE_STEP_ALLOCATE, client->side);
    if (!client->is_allocated) { /* else the challenge was answered with it */
        allocate(c, client);
    }
    take_answer(c);
    if (client->is_allocated) {
        say_allocation(c, client);
    }
    const struct probe_credential *credential = c->plan->terms.credential;
    if (c->step.fate == PROBE_FATE_REFUSED && c->step.code == 401 && credential->expires.s != 0) {
        probe_step_time(&c->step, "clock", clock_now().wall); /* to compare with the server's */
        probe_step_time(&c->step, "expires", credential->expires);
    }
    say_software(c);
    return finish(c);
}

static bool do_permission(struct check *c, struct probe_client *client,
                          const struct probe_client *peer)
{
    probe_step_init(&c->step, PROBE_STEP_PERMISSION, client->side);
    probe_client_permit(client, &peer->relayed, &c->answer);
    take_answer(c);
    probe_step_address(&c->step, "peer", &peer->relayed);
    return finish(c);
}

static bool do_channel(struct check *c, struct probe_client *client,
                       const struct probe_client *peer)
{
    probe_step_init(&c->step, PROBE_STEP_CHANNEL, client->side);
    probe_client_bind_channel(client, CHANNEL, &peer->relayed, &c->answer);
    take_answer(c);
    probe_step_word(&c->step, "channel", "0x4000");
    probe_step_address(&c->step, "peer", &peer->relayed);
    return finish(c);
}

static enum probe_fate fate_of(const struct check *c, const struct probe_relay *relay)
{
    if (c->a.socket.end != PROBE_FATE_OK || c->b.socket.end != PROBE_FATE_OK) {
        return c->a.socket.end != PROBE_FATE_OK ? c->a.socket.end : c->b.socket.end;
    }
    if (relay->altered > 0) {
        return PROBE_FATE_ALTERED;
    }
    if (relay->there == 0) {
        return PROBE_FATE_LOST_THERE;
    }
    if (relay->back == 0) {
        return PROBE_FATE_LOST_BACK;
    }
    return relay->back * 2 < relay->sent ? PROBE_FATE_LOSSY : PROBE_FATE_OK;
}

static void say_relay_notes(struct check *c, const struct probe_relay *relay)
{
    if (c->step.fate == PROBE_FATE_OK && relay->back < relay->sent) {
        probe_step_note(&c->step, "Some packets were lost: the way to the server, or the server, "
                                  "is overloaded.");
    }
    if (relay->without_channel) {
        probe_step_note(&c->step, "The server sent Data indications although a channel is bound: "
                                  "the channel does not work.");
    }
    if (relay->is_other_peer) {
        probe_step_note(&c->step, "Packets were said to come from another address than the "
                                  "relayed one: clients that match them (ICE) will drop them.");
    }
}

static bool do_relay(struct check *c, enum probe_step_kind kind)
{
    struct probe_relay relay;
    uint64_t timeout = c->plan->terms.timeout_ns;
    struct probe_relay_plan plan = {
        .count = kind == PROBE_STEP_LARGE ? LARGE_COUNT : SMALL_COUNT,
        .size = kind == PROBE_STEP_LARGE ? PROBE_RELAY_SIZE_MAX : SMALL_SIZE,
        .channel = CHANNEL,
        .wait_ns = timeout < MONO_SECOND ? timeout : MONO_SECOND,
    };
    probe_step_init(&c->step, kind, 0);
    probe_relay_run(&c->a, &c->b, &plan, &relay);
    c->step.fate = fate_of(c, &relay);
    probe_step_number(&c->step, "size", plan.size, " bytes");
    probe_step_number(&c->step, "sent", relay.sent, "");
    probe_step_number(&c->step, "arrived", relay.there, "");
    probe_step_number(&c->step, "returned", relay.back, "");
    if (relay.back > 0) {
        c->step.ns = relay.sum_ns / relay.back;
        probe_step_ms(&c->step, "min", relay.least_ns);
        probe_step_ms(&c->step, "avg", c->step.ns);
        probe_step_ms(&c->step, "max", relay.most_ns);
    }
    say_relay_notes(c, &relay);
    return finish(c);
}

/* do_release — give an allocation back, if there is one. */
static bool do_release(struct check *c, struct probe_client *client)
{
    bool has_ended = client->socket.end != PROBE_FATE_OK; /* and the allocation with it */
    if (!client->is_allocated || has_ended) {
        return true;
    }
    probe_step_init(&c->step, PROBE_STEP_RELEASE, client->side);
    probe_client_release(client, &c->answer);
    take_answer(c);
    return finish(c);
}

/* ---- the way to the server */

static struct mono deadline_of(const struct check *c)
{
    return mono_add_ns(clock_now().mono, c->plan->terms.timeout_ns);
}

/* side_of — for steps that a stun: URI has, too, where there are no sides. */
static char side_of(const struct check *c, const struct probe_client *client)
{
    return c->plan->uri.is_turn ? client->side : 0;
}

/* do_open — a socket toward the server: no step of its own, so `kind` is the one that needed it. */
static enum outcome do_open(struct check *c, struct probe_client *client, enum probe_step_kind kind,
                            char side)
{
    int error = probe_client_open(client, &c->plan->terms, &c->server, side);
    if (error == 0) {
        return PASSED;
    }
    int reason = errno;
    probe_step_init(&c->step, kind, kind == PROBE_STEP_BINDING ? 0 : side_of(c, client));
    c->step.fate = error == PROBE_ROUTE_NONE ? PROBE_FATE_NO_ROUTE : PROBE_FATE_NOT_SENT;
    if (error != PROBE_ROUTE_NONE) {
        say_error(&c->step, reason);
    }
    finish(c);
    return error == PROBE_ROUTE_NONE ? SKIPPED : FAILED;
}

static bool do_connect(struct check *c, struct probe_client *client)
{
    struct mono start = clock_now().mono;
    probe_step_init(&c->step, PROBE_STEP_CONNECT, side_of(c, client));
    errno = 0;
    c->step.fate = probe_socket_connect(&client->socket, deadline_of(c));
    if (c->step.fate == PROBE_FATE_NOT_SENT) {
        say_error(&c->step, errno);
    }
    if (c->step.fate != PROBE_FATE_SILENT) {
        c->step.ns = clock_now().mono.ns - start.ns;
    }
    return finish(c);
}

/* answers_plainly — whether the port answers STUN without TLS or DTLS, on a socket of its own. */
static bool answers_plainly(const struct check *c)
{
    struct probe_client client;
    struct probe_answer answer = {.fate = PROBE_FATE_SILENT};
    struct probe_client_terms terms = c->plan->terms;
    bool is_stream = probe_transport_is_stream(terms.socket.transport);
    terms.socket.transport = probe_transport_of(is_stream, false);
    terms.timeout_ns = terms.timeout_ns < MONO_SECOND ? terms.timeout_ns : MONO_SECOND;
    if (probe_client_open(&client, &terms, &c->server, 'A') != 0) {
        return false;
    }
    if (!is_stream || probe_socket_connect(&client.socket, deadline_of(c)) == PROBE_FATE_OK) {
        probe_client_bind(&client, &answer);
    }
    probe_client_close(&client);
    return answer.fate == PROBE_FATE_OK || answer.fate == PROBE_FATE_REFUSED;
}

static void say_session(struct check *c, const struct tls_client *tls)
{
    struct tls_client_session session;
    tls_client_session(tls, &session);
    probe_step_word(&c->step, "version", session.version);
    probe_step_word(&c->step, "cipher", session.cipher);
    if (session.protocol[0]) {
        probe_step_text(&c->step, "alpn", span_of_text(session.protocol));
    } else {
        probe_step_word(&c->step, "alpn", "none");
    }
}

/* say_no_session — what is known of a handshake that failed. */
static void say_no_session(struct check *c, const struct probe_socket *s)
{
    struct probe_step *step = &c->step;
    bool is_mute = step->fate == PROBE_FATE_SILENT || step->fate == PROBE_FATE_CLOSED ||
                   step->fate == PROBE_FATE_RESET;
    if (is_mute && answers_plainly(c)) {
        step->fate = PROBE_FATE_PLAIN;
    }
    if (step->fate == PROBE_FATE_ALERT || step->fate == PROBE_FATE_TLS_FAILED) {
        step->code = tls_client_alert(s->tls);
        probe_step_say(step, span_of_text(tls_client_words(s->tls)));
    }
    if (is_from_others(step->fate) && s->seen_from.family != NETADDR_NONE) {
        probe_step_address(step, "from", &s->seen_from);
    }
}

static bool do_handshake(struct check *c, struct probe_client *client)
{
    struct mono start = clock_now().mono;
    probe_step_init(&c->step, PROBE_STEP_HANDSHAKE, side_of(c, client));
    c->step.fate = probe_socket_secure(&client->socket, deadline_of(c));
    if (c->step.fate != PROBE_FATE_SILENT && c->step.fate != PROBE_FATE_STALLED) {
        c->step.ns = clock_now().mono.ns - start.ns;
    }
    if (c->step.fate == PROBE_FATE_OK) {
        say_session(c, client->socket.tls);
    } else {
        say_no_session(c, &client->socket);
    }
    return finish(c);
}

/* do_certificate — the steps that look at the server's certificate. All are done, whatever becomes
 * of one. B's is not said where it is as good or bad as A's. */
static bool do_certificate(struct check *c, struct probe_client *client)
{
    struct tls_client_certificate seen;
    struct wall now = clock_now().wall;
    bool is_address = probe_uri_is_address(&c->plan->uri);
    tls_client_look(client->socket.tls, c->plan->roots, c->plan->uri.host, now, &seen);
    if (client == &c->b && seen.faults == c->faults) {
        return true;
    }
    c->faults = seen.faults;
    bool passed = true;
    for (int kind = PROBE_STEP_CHAIN; kind <= PROBE_STEP_STRENGTH; kind++) {
        probe_step_init(&c->step, (enum probe_step_kind)kind, client == &c->b ? client->side : 0);
        probe_certificate_fill(&c->step, &seen, is_address, now);
        c->step.is_tolerated = c->plan->is_insecure && c->step.fate != PROBE_FATE_OK;
        passed = finish(c) && passed;
    }
    return passed;
}

/* reach — everything that must be before the first request can be sent. */
static enum outcome reach(struct check *c, struct probe_client *client, char side)
{
    enum probe_transport transport = c->plan->uri.transport;
    bool is_stream = probe_transport_is_stream(transport);
    bool is_secure = probe_transport_is_secure(transport);
    enum probe_step_kind first = is_stream         ? PROBE_STEP_CONNECT
                                 : is_secure       ? PROBE_STEP_HANDSHAKE
                                 : client == &c->a ? PROBE_STEP_BINDING
                                                   : PROBE_STEP_CHALLENGE;
    enum outcome outcome = do_open(c, client, first, side);
    if (outcome != PASSED) {
        return outcome;
    }
    bool passed = (!is_stream || do_connect(c, client)) &&
                  (!is_secure || (do_handshake(c, client) && do_certificate(c, client)));
    return passed ? PASSED : FAILED;
}

/* do_turn — everything behind the binding but giving back. */
static bool do_turn(struct check *c)
{
    return do_challenge(c, &c->a) && do_allocate(c, &c->a) && reach(c, &c->b, 'B') == PASSED &&
           do_challenge(c, &c->b) && do_allocate(c, &c->b) && do_permission(c, &c->a, &c->b) &&
           do_permission(c, &c->b, &c->a) && do_channel(c, &c->b, &c->a) &&
           do_relay(c, PROBE_STEP_RELAY) && do_relay(c, PROBE_STEP_LARGE);
}

/* facts_of — what is known before anything is sent. */
static unsigned facts_of(const struct check *c)
{
    const struct probe_check_plan *plan = c->plan;
    const struct probe_credential *credential = plan->terms.credential;
    unsigned facts = 0;
    facts |= credential && credential->expires.s != 0 ? PROBE_CAUSE_TIMED : 0;
    facts |= probe_scope_is_private(&c->server) ? PROBE_CAUSE_LOCAL : 0;
    facts |= plan->uri.transport != PROBE_TRANSPORT_UDP ? PROBE_CAUSE_CONNECTED : 0;
    facts |= probe_transport_is_stream(plan->uri.transport) ? PROBE_CAUSE_STREAM : 0;
    facts |= probe_uri_is_address(&plan->uri) ? PROBE_CAUSE_ADDRESS : 0;
    return facts;
}

/* check_here — all steps with c->server. */
static enum outcome check_here(struct check *c)
{
    probe_report_server(c->report, &c->server);
    c->facts = facts_of(c);
    c->alternate.family = NETADDR_NONE;
    c->has_software = false;
    c->b = (struct probe_client){.socket = {.fd = -1}};
    enum outcome outcome = reach(c, &c->a, 'A');
    if (outcome == PASSED) {
        bool passed = do_binding(c) && (!c->plan->uri.is_turn || do_turn(c));
        bool released_a = do_release(c, &c->a);
        bool released_b = do_release(c, &c->b);
        outcome = passed && released_a && released_b ? PASSED : FAILED;
    }
    probe_client_close(&c->a);
    probe_client_close(&c->b);
    return outcome;
}

static enum outcome check_address(const struct probe_check_plan *plan, struct probe_report *report,
                                  const struct netaddr *server)
{
    struct check c = {.plan = plan, .report = report, .server = *server};
    enum outcome outcome = check_here(&c);
    if (c.alternate.family != NETADDR_NONE) {
        c.is_redirected = true;
        c.server = c.alternate;
        outcome = check_here(&c);
    }
    return outcome;
}

static void say_families(struct probe_step *step, const struct probe_resolve *found)
{
    char bytes[PROBE_STEP_VALUE_SIZE];
    static const enum netaddr_family families[] = {NETADDR_IPV4, NETADDR_IPV6};
    for (size_t f = 0; f < 2; f++) {
        struct text t = text_init(bytes, sizeof(bytes));
        for (size_t i = 0; i < found->count; i++) {
            if (found->address[i].family == families[f]) {
                text_put(&t, t.used > 0 ? " " : "");
                text_host(&t, &found->address[i]);
            }
        }
        probe_step_word(step, f == 0 ? "ipv4" : "ipv6", t.used > 0 ? bytes : "none");
    }
}

static bool do_resolve(const struct probe_check_plan *plan, struct probe_report *report,
                       struct probe_resolve *found)
{
    struct probe_step step;
    struct mono start = clock_now().mono;
    probe_step_init(&step, PROBE_STEP_RESOLVE, 0);
    if (probe_resolve_host(plan->uri.host, plan->uri.port, plan->family, found)) {
        step.ns = clock_now().mono.ns - start.ns;
        say_families(&step, found);
    } else {
        step.fate = PROBE_FATE_NO_ADDRESS;
        probe_step_say(&step, span_of_text(found->reason));
        step.cause = probe_cause_find(&step, 0);
    }
    probe_report_step(report, &step);
    return found->count > 0;
}

bool probe_check_run(const struct probe_check_plan *plan, struct probe_report *report)
{
    struct probe_resolve found;
    bool any_passed = false;
    bool any_failed = false;
    if (!do_resolve(plan, report, &found)) {
        return false;
    }
    for (size_t i = 0; i < found.count; i++) {
        enum outcome outcome = check_address(plan, report, &found.address[i]);
        any_passed = any_passed || outcome == PASSED;
        any_failed = any_failed || outcome == FAILED;
    }
    return any_passed && !any_failed;
}
