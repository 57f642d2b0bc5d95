/* test_probe_cause — each kind of failure is explained by what an operator can act on. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "probe/probe_cause.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *cause_of(enum probe_step_kind kind, enum probe_fate fate, unsigned code,
                            unsigned facts)
{
    struct probe_step step;
    probe_step_init(&step, kind, 0);
    step.fate = fate;
    step.code = code;
    return probe_cause_find(&step, facts);
}

static void assert_says(const char *cause, const char *words)
{
    if (!strstr(cause, words)) {
        fail_msg("\"%s\" does not say \"%s\"", cause, words);
    }
}

static void fates_are_explained(void **state)
{
    (void)state;
    static const struct {
        enum probe_step_kind kind;
        enum probe_fate fate;
        unsigned facts;
        const char *words;
    } cases[] = {
        {PROBE_STEP_RESOLVE, PROBE_FATE_NO_ADDRESS, 0, "misspelled"},
        {PROBE_STEP_BINDING, PROBE_FATE_NO_ROUTE, 0, "no route"},
        {PROBE_STEP_BINDING, PROBE_FATE_NOT_SENT, 0, "local firewall"},
        {PROBE_STEP_BINDING, PROBE_FATE_SILENT, 0, "firewall drops UDP"},
        {PROBE_STEP_BINDING, PROBE_FATE_SILENT, PROBE_CAUSE_LOCAL, "private"},
        {PROBE_STEP_CHALLENGE, PROBE_FATE_SILENT, 0, "STUN only"},
        {PROBE_STEP_ALLOCATE, PROBE_FATE_SILENT, 0, "database"},
        {PROBE_STEP_CHANNEL, PROBE_FATE_SILENT, 0, "fell silent"},
        {PROBE_STEP_BINDING, PROBE_FATE_FOREIGN, 0, "another service"},
        {PROBE_STEP_BINDING, PROBE_FATE_PORT_CLOSED, 0, "Nothing listens"},
        {PROBE_STEP_RELEASE, PROBE_FATE_PORT_CLOSED, 0, "stopped during"},
        {PROBE_STEP_BINDING, PROBE_FATE_ELSEWHERE, 0, "another address"},
        {PROBE_STEP_ALLOCATE, PROBE_FATE_TAMPERED, 0, "ALG"},
        {PROBE_STEP_RELAY, PROBE_FATE_LOST_THERE, 0, "range of relay ports"},
        {PROBE_STEP_RELAY, PROBE_FATE_LOST_THERE, PROBE_CAUSE_RELAY_PRIVATE, "external"},
        {PROBE_STEP_RELAY, PROBE_FATE_LOST_BACK, 0, "channel"},
        {PROBE_STEP_LARGE, PROBE_FATE_LOST_THERE, 0, "MTU"},
        {PROBE_STEP_LARGE, PROBE_FATE_LOST_BACK, 0, "MTU"},
        {PROBE_STEP_CONNECT, PROBE_FATE_SILENT, 0, "firewall drops TCP"},
        {PROBE_STEP_CONNECT, PROBE_FATE_SILENT, PROBE_CAUSE_LOCAL, "private"},
        {PROBE_STEP_CONNECT, PROBE_FATE_CONNECTION_REFUSED, 0, "Nothing listens"},
        {PROBE_STEP_CONNECT, PROBE_FATE_UNREACHABLE, 0, "firewalld"},
        {PROBE_STEP_HANDSHAKE, PROBE_FATE_SILENT, PROBE_CAUSE_STREAM, "accepted"},
        {PROBE_STEP_HANDSHAKE, PROBE_FATE_SILENT, 0, "does not speak DTLS"},
        {PROBE_STEP_HANDSHAKE, PROBE_FATE_STALLED, PROBE_CAUSE_STREAM, "overloaded"},
        {PROBE_STEP_HANDSHAKE, PROBE_FATE_STALLED, 0, "MTU"},
        {PROBE_STEP_HANDSHAKE, PROBE_FATE_PLAIN, 0, "?transport=tcp"},
        {PROBE_STEP_HANDSHAKE, PROBE_FATE_WEB, 0, "without TLS"},
        {PROBE_STEP_HANDSHAKE, PROBE_FATE_PORT_CLOSED, 0, "dtls:"},
        {PROBE_STEP_CHAIN, PROBE_FATE_CHAIN_INCOMPLETE, 0, "fullchain.pem"},
        {PROBE_STEP_NAME, PROBE_FATE_OTHER_NAME, 0, "subjectAltName"},
        {PROBE_STEP_NAME, PROBE_FATE_OTHER_NAME, PROBE_CAUSE_ADDRESS, "iPAddress"},
        {PROBE_STEP_VALIDITY, PROBE_FATE_EXPIRED, 0, "not renewed"},
        {PROBE_STEP_BINDING, PROBE_FATE_SILENT, PROBE_CAUSE_CONNECTED, "connection stands"},
        {PROBE_STEP_BINDING, PROBE_FATE_CLOSED, 0, "turns:"},
        {PROBE_STEP_BINDING, PROBE_FATE_SECURE, 0, "turns:"},
        {PROBE_STEP_RELAY, PROBE_FATE_CLOSED, 0, "in the middle"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_says(cause_of(cases[i].kind, cases[i].fate, 0, cases[i].facts), cases[i].words);
    }
}

static void refusals_are_explained(void **state)
{
    (void)state;
    static const struct {
        enum probe_step_kind kind;
        unsigned code, facts;
        const char *words;
    } cases[] = {
        {PROBE_STEP_ALLOCATE, 401, 0, "password is wrong"},
        {PROBE_STEP_ALLOCATE, 401, PROBE_CAUSE_TIMED, "clocks differ"},
        {PROBE_STEP_ALLOCATE, 401, PROBE_CAUSE_TIMED | PROBE_CAUSE_LOCAL, "secret"},
        {PROBE_STEP_PERMISSION, 401, 0, "not any more"},
        {PROBE_STEP_ALLOCATE, 403, 0, "forbids"},
        {PROBE_STEP_PERMISSION, 403, 0, "policy"},
        {PROBE_STEP_PERMISSION, 403, PROBE_CAUSE_RELAY_PRIVATE, "is missing"},
        {PROBE_STEP_CHANNEL, 403, 0, "policy"},
        {PROBE_STEP_ALLOCATE, 437, 0, "still holds"},
        {PROBE_STEP_PERMISSION, 437, 0, "load balancer"},
        {PROBE_STEP_ALLOCATE, 438, 0, "stale"},
        {PROBE_STEP_ALLOCATE, 440, 0, "relay address"},
        {PROBE_STEP_PERMISSION, 441, 0, "another user"},
        {PROBE_STEP_ALLOCATE, 442, 0, "does not relay UDP"},
        {PROBE_STEP_PERMISSION, 443, 0, "families"},
        {PROBE_STEP_ALLOCATE, 486, 0, "quota"},
        {PROBE_STEP_ALLOCATE, 508, 0, "file descriptors"},
        {PROBE_STEP_CHANNEL, 508, 0, "channels"},
        {PROBE_STEP_ALLOCATE, 699, 0, "see its log"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_says(cause_of(cases[i].kind, PROBE_FATE_REFUSED, cases[i].code, cases[i].facts),
                    cases[i].words);
    }
}

static void alerts_are_explained(void **state)
{
    (void)state;
    static const struct {
        unsigned alert;
        const char *words;
    } cases[] = {{40, "cipher"},       {70, "before 1.2"}, {112, "SNI"},
                 {116, "certificate"}, {120, "ALPN"},      {80, "see its log"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_says(cause_of(PROBE_STEP_HANDSHAKE, PROBE_FATE_ALERT, cases[i].alert, 0),
                    cases[i].words);
    }
}

static void no_failure_is_without_words(void **state)
{
    (void)state;
    const char *unknown = cause_of(PROBE_STEP_BINDING, PROBE_FATE_COUNT, 0, 0);
    for (int fate = 0; fate < PROBE_FATE_COUNT; fate++) {
        assert_non_null(probe_fate_text((enum probe_fate)fate));
        for (int kind = PROBE_STEP_RESOLVE; kind < PROBE_STEP_KIND_COUNT; kind++) {
            const char *cause = cause_of((enum probe_step_kind)kind, (enum probe_fate)fate, 499, 0);
            bool needs_words = probe_fate_is_failure((enum probe_fate)fate);
            assert_true(!needs_words || strcmp(cause, unknown) != 0);
        }
    }
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (int kind = 0; kind < PROBE_STEP_KIND_COUNT; kind++) {
        assert_true(strlen(probe_step_name((enum probe_step_kind)kind)) > 0);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "fates are explained", .test_func = fates_are_explained},
        {.name = "refusals are explained", .test_func = refusals_are_explained},
        {.name = "alerts are explained", .test_func = alerts_are_explained},
        {.name = "no failure is without words", .test_func = no_failure_is_without_words},
        {.name = "every kind of step has a name", .test_func = every_kind_has_a_name},
    };
    return cmocka_run_group_tests_name("probe_cause", tests, NULL, NULL);
}
