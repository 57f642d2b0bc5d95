/* test_probe_report — what the user sees: lines that align, or one JSON object. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "probe/probe_report.h"

#include <stdlib.h>
#include <string.h>

/* tell — a check of one address that fails in its third step. */
static void tell(FILE *out, bool is_json)
{
    struct probe_report report;
    struct probe_step step;
    struct netaddr server = netaddr_ipv4(0xc0000201, 3478);
    probe_report_begin(&report, out, is_json, "turns:192.0.2.1", PROBE_TRANSPORT_TLS);
    probe_report_server(&report, &server);

    probe_step_init(&step, PROBE_STEP_VALIDITY, 0);
    step.fate = PROBE_FATE_EXPIRED;
    step.is_tolerated = true;
    step.cause = "It is old.";
    probe_step_time(&step, "until", (struct wall){1700000000});
    probe_report_step(&report, &step);

    probe_step_init(&step, PROBE_STEP_BINDING, 0);
    step.ns = 12345678;
    struct netaddr mapped = netaddr_ipv4(0xc6336407, 50000);
    probe_step_address(&step, "mapped", &mapped);
    probe_step_text(&step, "software", span_of_text("a \"server\" with a name\x1b"));
    probe_step_number(&step, "retransmissions", 2, "");
    probe_step_note(&step, "This is odd.");
    probe_report_step(&report, &step);

    probe_step_init(&step, PROBE_STEP_ALLOCATE, 'A');
    step.fate = PROBE_FATE_REFUSED;
    step.code = 486;
    probe_step_say(&step, span_of_text("Quota"));
    step.cause = "Too many sessions.";
    step.ns = 1000000;
    probe_step_ms(&step, "min", 1234567);
    probe_report_step(&report, &step);
    assert_true(probe_report_end(&report, false));
}

static char *told(bool is_json)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    tell(out, is_json);
    fclose(out);
    return text;
}

static void lines_align(void **state)
{
    (void)state;
    char *text = told(false);
    assert_string_equal(text,
                        "turns:192.0.2.1\n"
                        "\n"
                        "Server 192.0.2.1:3478 over TLS\n"
                        "  warn  validity                  expired, until 2023-11-14T22:13:20Z\n"
                        "        Likely cause: It is old.\n"
                        "  ok    binding         12.35 ms  mapped 198.51.100.7:50000,\n"
                        "                                 software \"a \"server\" with a name?\",\n"
                        "                                 retransmissions 2\n"
                        "        Note: This is odd.\n"
                        "  FAIL  allocate   A     1.00 ms  486 Quota, min 1.235 ms\n"
                        "        Likely cause: Too many sessions.\n"
                        "\n"
                        "Failed: allocate A with 192.0.2.1:3478.\n");
    free(text);
}

static void json_is_one_object(void **state)
{
    (void)state;
    char *text = told(true);
    assert_string_equal(
        text, "{\"uri\":\"turns:192.0.2.1\",\"transport\":\"TLS\",\"steps\":["
              "{\"step\":\"validity\",\"server\":\"192.0.2.1:3478\",\"result\":\"warned\","
              "\"until\":\"2023-11-14T22:13:20Z\",\"failure\":\"expired\","
              "\"cause\":\"It is old.\"},"
              "{\"step\":\"binding\",\"server\":\"192.0.2.1:3478\",\"result\":\"ok\",\"ms\":12.346,"
              "\"mapped\":\"198.51.100.7:50000\",\"software\":\"a \\\"server\\\" with a name?\","
              "\"retransmissions\":2,\"notes\":[\"This is odd.\"]},"
              "{\"step\":\"allocate\",\"server\":\"192.0.2.1:3478\",\"side\":\"A\","
              "\"result\":\"failed\",\"ms\":1.000,\"min\":1.235,\"code\":486,"
              "\"failure\":\"486 Quota\",\"cause\":\"Too many sessions.\"}"
              "],\"ok\":false}\n");
    free(text);
}

static void too_many_fields_are_left_out(void **state)
{
    (void)state;
    struct probe_step step;
    probe_step_init(&step, PROBE_STEP_BINDING, 0);
    for (int i = 0; i < 2 * PROBE_STEP_FIELDS_MAX; i++) {
        probe_step_number(&step, "number", 1, "");
        probe_step_note(&step, "note");
    }
    assert_int_equal(step.field_count, PROBE_STEP_FIELDS_MAX);
    assert_int_equal(step.note_count, PROBE_STEP_NOTES_MAX);
}

static void a_full_disk_is_no_success(void **state)
{
    (void)state;
    struct probe_report report;
    FILE *out = fopen("/dev/full", "w");
    if (!out) {
        skip();
    }
    probe_report_begin(&report, out, true, "stun:x", PROBE_TRANSPORT_UDP);
    assert_false(probe_report_end(&report, true));
    fclose(out);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "lines align", .test_func = lines_align},
        {.name = "JSON is one object", .test_func = json_is_one_object},
        {.name = "too many fields are left out", .test_func = too_many_fields_are_left_out},
        {.name = "a full disk is no success", .test_func = a_full_disk_is_no_success},
    };
    return cmocka_run_group_tests_name("probe_report", tests, NULL, NULL);
}
