/* test_probe_guess — what the first bytes of an answer give away. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "probe/probe_guess.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(string)                                                                              \
    {                                                                                              \
        (const uint8_t *)(string), sizeof(string) - 1                                              \
    }

static void answers_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        struct span first;
        enum probe_fate fate;
    } cases[] = {
        {BYTES("\x16\x03\x03\x00\x7a\x02"), PROBE_FATE_SECURE}, /* ServerHello */
        {BYTES("\x15\x03\x01\x00\x02\x02\x46"), PROBE_FATE_SECURE},
        {BYTES("\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00"), PROBE_FATE_SECURE},
        {BYTES("\x15\xfe\xfd\x00\x00"), PROBE_FATE_SECURE},
        {BYTES("\x01\x01\x00\x00\x21\x12\xa4\x42"), PROBE_FATE_PLAIN},
        {BYTES("\x01\x11\x00\x08\x21\x12\xa4\x42\x00"), PROBE_FATE_PLAIN},
        {BYTES("HTTP/1.1 400 Bad Request"), PROBE_FATE_WEB},
        {BYTES("<!DOCTYPE html>"), PROBE_FATE_WEB},
        {BYTES("<html>"), PROBE_FATE_WEB},
        {BYTES("SSH-2.0-OpenSSH_9.2p1"), PROBE_FATE_FOREIGN},
        {BYTES("220 mail.example.org"), PROBE_FATE_FOREIGN},
        {BYTES("\x16\x02\x00"), PROBE_FATE_FOREIGN},
        {BYTES("\x13\x03\x03"), PROBE_FATE_FOREIGN},
        {BYTES("\xc1\x01\x00\x00\x21\x12\xa4\x42"), PROBE_FATE_FOREIGN},
        {BYTES("\x01\x01\x00\x00\x21\x12\xa4"), PROBE_FATE_FOREIGN}, /* cut off */
        {BYTES("HTTP"), PROBE_FATE_FOREIGN},
        {BYTES("\x16"), PROBE_FATE_FOREIGN},
        {BYTES(""), PROBE_FATE_FOREIGN},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum probe_fate fate = probe_guess_fate(cases[i].first);
        if (fate != cases[i].fate) {
            fail_msg("case %zu: %s", i, probe_fate_text(fate));
        }
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "answers are told apart", .test_func = answers_are_told_apart},
    };
    return cmocka_run_group_tests_name("probe_guess", tests, NULL, NULL);
}
