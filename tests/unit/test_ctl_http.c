/* test_ctl_http — answers of HTTP, good ones and those that no server should give. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/ctl_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MOST = 64 }; /* bytes of a body in these tests */

/* read_answer — in pieces of `step` bytes, then the end. */
static enum ctl_http_verdict read_answer(struct ctl_http *h, const char *bytes, size_t size,
                                         size_t step)
{
    enum ctl_http_verdict verdict = CTL_HTTP_MORE;
    ctl_http_init(h, MOST);
    for (size_t at = 0; at < size && verdict == CTL_HTTP_MORE; at += step) {
        verdict = ctl_http_take(h, bytes + at, size - at < step ? size - at : step);
    }
    return verdict == CTL_HTTP_MORE ? ctl_http_end(h) : verdict;
}

struct answer_case {
    const char *bytes;
    enum ctl_http_verdict verdict;
    int status;
    const char *body; /* NULL: none */
};

static const struct answer_case cases[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", CTL_HTTP_WHOLE, 200, "{}"},
    {"HTTP/1.1 200 OK\r\ncontent-length:2 \r\n\r\n{}and more", CTL_HTTP_WHOLE, 200, "{}"},
    {"HTTP/1.0 200 OK\n\n{}", CTL_HTTP_WHOLE, 200, "{}"}, /* no length: until the end */
    {"HTTP/1.1 204 No Content\r\n\r\n", CTL_HTTP_WHOLE, 204, NULL},
    {"HTTP/1.1 204\r\n\r\n", CTL_HTTP_WHOLE, 204, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", CTL_HTTP_WHOLE, 200, NULL},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
     CTL_HTTP_WHOLE, 201, "x"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;why=not\r\n}\r\n0\r\n\r\n",
     CTL_HTTP_WHOLE, 200, "{}"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
     CTL_HTTP_WHOLE, 200, "0123456789"},
    /* cut off */
    {"", CTL_HTTP_CUT, 0, NULL},
    {"HTTP/1.1 200 OK\r\n", CTL_HTTP_CUT, 0, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", CTL_HTTP_CUT, 0, NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}", CTL_HTTP_CUT, 0, NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", CTL_HTTP_CUT, 0,
     NULL},
    {"HTTP/1.1 100 Continue\r\n\r\n", CTL_HTTP_CUT, 0, NULL},
    /* not HTTP */
    {"SSH-2.0-OpenSSH_9.2\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"-ERR unknown command\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/2 200 OK\r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 20 OK\r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 2000\r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 099 \r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 600 \r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 200 OK\r\n: b\r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 101 Switching\r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    /* two lengths, none that is one, encodings nobody asked for */
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", CTL_HTTP_MALFORMED, 0,
     NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", CTL_HTTP_WHOLE, 200,
     "{}"},
    {"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n{}", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n{}", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", CTL_HTTP_MALFORMED, 0, NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n", CTL_HTTP_MALFORMED, 0,
     NULL},
    /* too large: at once, or as it comes */
    {"HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n", CTL_HTTP_LARGE, 0, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n", CTL_HTTP_LARGE, 0,
     NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
     CTL_HTTP_LARGE, 0, NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n"
     "0123456789012345678901234567890123456789012345678901234567890123\r\n1\r\n",
     CTL_HTTP_LARGE, 0, NULL},
    {"HTTP/1.1 200 OK\r\n\r\n"
     "01234567890123456789012345678901234567890123456789012345678901234",
     CTL_HTTP_LARGE, 0, NULL},
};

static void answers(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 7, 4096};
    for (size_t i = 0; i < COUNT(cases) * COUNT(steps); i++) {
        const struct answer_case *c = &cases[i / COUNT(steps)];
        struct ctl_http h;
        enum ctl_http_verdict verdict =
            read_answer(&h, c->bytes, strlen(c->bytes), steps[i % COUNT(steps)]);
        if (verdict != c->verdict) {
            print_message("# %s\n", c->bytes);
        }
        assert_int_equal(verdict, c->verdict);
        if (verdict == CTL_HTTP_WHOLE) {
            assert_int_equal(h.status, c->status);
            assert_int_equal(h.size, c->body ? strlen(c->body) : 0);
            assert_true(!c->body || strcmp(h.body, c->body) == 0);
        }
        ctl_http_fini(&h);
    }
}

static void nul_bytes_belong_to_bodies_alone(void **state)
{
    (void)state;
    static const char head[] = "HTTP/1.1 200 OK\0\r\n\r\n";
    static const char body[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\0\0\0";
    struct ctl_http h;
    assert_int_equal(read_answer(&h, head, sizeof(head) - 1, 5), CTL_HTTP_MALFORMED);
    ctl_http_fini(&h);
    assert_int_equal(read_answer(&h, body, sizeof(body) - 1, 5), CTL_HTTP_WHOLE);
    assert_int_equal(h.size, 3);
    ctl_http_fini(&h);
}

/* endless — an answer that begins well and then repeats something for ever. */
static enum ctl_http_verdict endless(const char *begin, const char *again)
{
    struct ctl_http h;
    ctl_http_init(&h, MOST);
    enum ctl_http_verdict verdict = ctl_http_take(&h, begin, strlen(begin));
    for (size_t i = 0; verdict == CTL_HTTP_MORE && i < CTL_HTTP_HEAD_MAX + 1; i++) {
        verdict = ctl_http_take(&h, again, strlen(again));
    }
    ctl_http_fini(&h);
    return verdict;
}

static void nothing_goes_on_for_ever(void **state)
{
    (void)state;
    assert_int_equal(endless("HTTP/1.1 200 ", "x"), CTL_HTTP_LARGE);
    assert_int_equal(endless("HTTP/1.1 200 OK\r\n", "A: b\r\n"), CTL_HTTP_LARGE);
    assert_int_equal(endless("", "HTTP/1.1 100 Continue\r\n\r\n"), CTL_HTTP_LARGE);
    assert_int_equal(
        endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n"),
        CTL_HTTP_LARGE);
}

static void requests_are_complete(void **state)
{
    (void)state;
    char *plain = ctl_http_request("GET", "/v1/status", NULL);
    assert_non_null(strstr(plain, "GET /v1/status HTTP/1.1\r\nHost: "));
    assert_non_null(strstr(plain, "\r\nConnection: close\r\n"));
    assert_null(strstr(plain, "Content-"));
    assert_string_equal(plain + strlen(plain) - 4, "\r\n\r\n");
    ctl_memory_forget(plain);
    char *full = ctl_http_request("POST", "/v1/users", "{\"a\":1}");
    assert_non_null(strstr(full, "\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"));
    assert_non_null(strstr(full, "\r\n\r\n{\"a\":1}"));
    ctl_memory_forget(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(nul_bytes_belong_to_bodies_alone),
        cmocka_unit_test(nothing_goes_on_for_ever),
        cmocka_unit_test(requests_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
