/* test_probe_certificate — which step a fault of a certificate makes fail, and what is only odd. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "probe/probe_certificate.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DAY = 86400 };
static const struct wall noon = {1800000000};

static struct tls_client_certificate certificate(unsigned faults, int64_t days)
{
    struct tls_client_certificate seen = {.faults = faults, .count = 2};
    seen.from.s = noon.s - DAY;
    seen.until.s = noon.s + days * DAY;
    strcpy(seen.subject, "CN=turn.example.org");
    strcpy(seen.names, "turn.example.org");
    strcpy(seen.missing, "CN=Somebody");
    strcpy(seen.key, "RSA 2048");
    return seen;
}

static struct probe_step step_of(enum probe_step_kind kind, unsigned faults, int64_t days,
                                 bool is_address)
{
    struct probe_step step;
    struct tls_client_certificate seen = certificate(faults, days);
    probe_step_init(&step, kind, 0);
    probe_certificate_fill(&step, &seen, is_address, noon);
    return step;
}

static const char *value_of(const struct probe_step *step, const char *name)
{
    for (unsigned i = 0; i < step->field_count; i++) {
        if (strcmp(step->field[i].name, name) == 0) {
            return step->field[i].value;
        }
    }
    return NULL;
}

static void each_fault_fails_one_step(void **state)
{
    (void)state;
    static const struct {
        unsigned faults;
        enum probe_step_kind kind;
        enum probe_fate fate;
    } cases[] = {
        {TLS_CLIENT_SELF_SIGNED, PROBE_STEP_CHAIN, PROBE_FATE_SELF_SIGNED},
        {TLS_CLIENT_UNKNOWN_ROOT, PROBE_STEP_CHAIN, PROBE_FATE_UNKNOWN_ROOT},
        {TLS_CLIENT_INCOMPLETE, PROBE_STEP_CHAIN, PROBE_FATE_CHAIN_INCOMPLETE},
        {TLS_CLIENT_ISSUER_DATES, PROBE_STEP_CHAIN, PROBE_FATE_CHAIN_EXPIRED},
        {TLS_CLIENT_OTHER_PURPOSE, PROBE_STEP_CHAIN, PROBE_FATE_OTHER_PURPOSE},
        {TLS_CLIENT_BAD_CHAIN, PROBE_STEP_CHAIN, PROBE_FATE_CHAIN_BAD},
        {TLS_CLIENT_OTHER_NAME, PROBE_STEP_NAME, PROBE_FATE_OTHER_NAME},
        {TLS_CLIENT_OTHER_NAME | TLS_CLIENT_NAME_IN_SUBJECT, PROBE_STEP_NAME,
         PROBE_FATE_NAME_IN_SUBJECT},
        {TLS_CLIENT_EXPIRED, PROBE_STEP_VALIDITY, PROBE_FATE_EXPIRED},
        {TLS_CLIENT_NOT_YET_VALID, PROBE_STEP_VALIDITY, PROBE_FATE_NOT_YET_VALID},
        {TLS_CLIENT_WEAK_KEY, PROBE_STEP_STRENGTH, PROBE_FATE_WEAK_KEY},
        {TLS_CLIENT_WEAK_DIGEST, PROBE_STEP_STRENGTH, PROBE_FATE_WEAK_DIGEST},
        {TLS_CLIENT_IS_AUTHORITY, PROBE_STEP_ANY, PROBE_FATE_OK},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int kind = PROBE_STEP_CHAIN; kind <= PROBE_STEP_STRENGTH; kind++) {
            struct probe_step step =
                step_of((enum probe_step_kind)kind, cases[i].faults, 90, false);
            bool is_its = (enum probe_step_kind)kind == cases[i].kind;
            assert_int_equal(step.fate, is_its ? cases[i].fate : PROBE_FATE_OK);
        }
    }
}

static void oddities_are_noted(void **state)
{
    (void)state;
    struct probe_step step = step_of(PROBE_STEP_CHAIN, TLS_CLIENT_IS_AUTHORITY, 90, false);
    assert_int_equal(step.note_count, 1);
    assert_non_null(strstr(step.note[0], "CA:TRUE"));
    step = step_of(PROBE_STEP_NAME, 0, 90, true);
    assert_int_equal(step.note_count, 1);
    assert_non_null(strstr(step.note[0], "address"));
    assert_int_equal(step_of(PROBE_STEP_NAME, 0, 90, false).note_count, 0);
}

static void the_last_days_are_noted(void **state)
{
    (void)state;
    assert_int_equal(step_of(PROBE_STEP_VALIDITY, 0, 14, false).note_count, 0);
    struct probe_step step = step_of(PROBE_STEP_VALIDITY, 0, 13, false);
    assert_int_equal(step.note_count, 1);
    assert_string_equal(value_of(&step, "left"), "13");
    assert_string_equal(value_of(&step, "from"), "2027-01-14T08:00:00Z");
    assert_null(value_of(&step, "clock"));
    step = step_of(PROBE_STEP_VALIDITY, TLS_CLIENT_EXPIRED, -1, false);
    assert_int_equal(step.note_count, 0);
    assert_null(value_of(&step, "left"));
    assert_string_equal(value_of(&step, "clock"), "2027-01-15T08:00:00Z");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    struct probe_step step = step_of(PROBE_STEP_CHAIN, TLS_CLIENT_INCOMPLETE, 90, false);
    assert_string_equal(value_of(&step, "missing"), "CN=Somebody");
    step = step_of(PROBE_STEP_CHAIN, 0, 90, false);
    assert_null(value_of(&step, "missing"));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "each fault fails one step", .test_func = each_fault_fails_one_step},
        {.name = "oddities are noted", .test_func = oddities_are_noted},
        {.name = "the last days are noted", .test_func = the_last_days_are_noted},
        {.name = "what is missing is named", .test_func = what_is_missing_is_named},
    };
    return cmocka_run_group_tests_name("probe_certificate", tests, NULL, NULL);
}
