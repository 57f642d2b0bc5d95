/* probe_check — the steps of a check. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_check.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "net/clock.h"
#include "probe/probe_cause.h"
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
    bool has_software;        /* the server's SOFTWARE was said */
    struct probe_client a, b;
    struct probe_answer answer; /* of the request last made */
    struct probe_step step;     /* the one that is being made */
};

enum outcome { PASSED, FAILED, SKIPPED };

/* finish — find the cause of a failure, and report the step. Returns whether it went well. */
static bool finish(struct check *c)
{
    if (probe_fate_is_failure(c->step.fate) || c->step.fate == PROBE_FATE_NO_ROUTE) {
        c->step.cause = probe_cause_find(&c->step, c->facts);
    }
    probe_report_step(c->report, &c->step);
    return c->step.fate == PROBE_FATE_OK;
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
        probe_step_say(step, span_of_text(strerror(answer->error)));
        break;
    default:
        break;
    }
    bool is_odd = answer->fate == PROBE_FATE_ELSEWHERE || answer->fate == PROBE_FATE_UNREACHABLE ||
                  answer->fate == PROBE_FATE_PROHIBITED || answer->fate == PROBE_FATE_TOO_BIG;
    if (is_odd && answer->from.family != NETADDR_NONE) {
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

/* say_time — our clock and the end of the credential, to compare with the server's clock. */
static void say_time(struct check *c, const char *name, struct wall at)
{
    char bytes[32];
    struct tm tm;
    time_t s = (time_t)at.s;
    if (gmtime_r(&s, &tm) && strftime(bytes, sizeof(bytes), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0) {
        probe_step_word(&c->step, name, bytes);
    }
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
        say_time(c, "clock", clock_now().wall);
        say_time(c, "expires", credential->expires);
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

static enum probe_fate fate_of(const struct probe_relay *relay)
{
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
    c->step.fate = fate_of(&relay);
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
    if (!client->is_allocated) {
        return true;
    }
    probe_step_init(&c->step, PROBE_STEP_RELEASE, client->side);
    probe_client_release(client, &c->answer);
    take_answer(c);
    return finish(c);
}

/* open_client — a socket toward the server. On failure the step that needed it is reported. */
static enum outcome open_client(struct check *c, struct probe_client *client,
                                enum probe_step_kind kind, char side)
{
    int error = probe_client_open(client, &c->plan->terms, &c->server, side);
    if (error == 0) {
        return PASSED;
    }
    int reason = errno;
    probe_step_init(&c->step, kind, kind == PROBE_STEP_BINDING ? 0 : side);
    c->step.fate = error == PROBE_SOCKET_NO_ROUTE ? PROBE_FATE_NO_ROUTE : PROBE_FATE_NOT_SENT;
    if (error != PROBE_SOCKET_NO_ROUTE) {
        probe_step_say(&c->step, span_of_text(strerror(reason)));
    }
    finish(c);
    return error == PROBE_SOCKET_NO_ROUTE ? SKIPPED : FAILED;
}

/* do_turn — everything behind the binding but giving back. */
static bool do_turn(struct check *c)
{
    return do_challenge(c, &c->a) && do_allocate(c, &c->a) &&
           open_client(c, &c->b, PROBE_STEP_CHALLENGE, 'B') == PASSED && do_challenge(c, &c->b) &&
           do_allocate(c, &c->b) && do_permission(c, &c->a, &c->b) &&
           do_permission(c, &c->b, &c->a) && do_channel(c, &c->b, &c->a) &&
           do_relay(c, PROBE_STEP_RELAY) && do_relay(c, PROBE_STEP_LARGE);
}

/* check_here — all steps with c->server. */
static enum outcome check_here(struct check *c)
{
    probe_report_server(c->report, &c->server);
    c->facts = c->plan->terms.credential && c->plan->terms.credential->expires.s != 0
                   ? PROBE_CAUSE_TIMED
                   : 0;
    c->facts |= probe_scope_is_private(&c->server) ? PROBE_CAUSE_LOCAL : 0;
    c->alternate.family = NETADDR_NONE;
    c->has_software = false;
    c->b = (struct probe_client){.socket = {.fd = -1}};
    enum outcome outcome = open_client(c, &c->a, PROBE_STEP_BINDING, 'A');
    if (outcome != PASSED) {
        return outcome;
    }
    bool passed = do_binding(c) && (!c->plan->uri.is_turn || do_turn(c));
    bool released_a = do_release(c, &c->a);
    bool released_b = do_release(c, &c->b);
    probe_client_close(&c->a);
    probe_client_close(&c->b);
    return passed && released_a && released_b ? PASSED : FAILED;
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
