/* test_proxy_header — what a balancer says of a client: both families, and every way to be wrong.
 */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/writer.h"
#include "wire/proxy_header.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOCAL = 0x20,
    PROXY = 0x21,
    UNSPEC = 0x00,
    TCP4 = 0x11,
    UDP4 = 0x12,
    TCP6 = 0x21,
    UNIX = 0x31,
    ROOM = 4096,
};

static const uint8_t signature[] = "\r\n\r\n\0\r\nQUIT\n";
static uint8_t header[ROOM];

/* write_header — one with `rest` bytes behind its length, beginning with `addresses`. */
static size_t write_header(uint8_t command, uint8_t family, const char *addresses, size_t rest)
{
    uint8_t bytes[64];
    size_t size = support_hex(addresses, bytes, sizeof(bytes));
    struct writer w = writer_init(header, sizeof(header));
    writer_bytes(&w, signature, 12);
    writer_u8(&w, command);
    writer_u8(&w, family);
    writer_u16(&w, (uint16_t)rest);
    writer_bytes(&w, bytes, size < rest ? size : rest);
    writer_zero(&w, size < rest ? rest - size : 0);
    assert_true(writer_is_ok(&w));
    return w.used;
}

/* read_exactly — of `size` bytes on the heap, where reading one more is noticed. */
static enum proxy_verdict read_exactly(size_t size, struct proxy_header *out)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, header, size);
    enum proxy_verdict verdict = proxy_header_read(copy, size, out);
    free(copy);
    return verdict;
}

static void assert_source(size_t size, const char *address)
{
    struct proxy_header out;
    struct netaddr expected;
    assert_true(netaddr_parse(address, &expected));
    assert_int_equal(read_exactly(size, &out), PROXY_OK);
    assert_int_equal(out.size, size);
    assert_false(out.is_local);
    assert_true(netaddr_is_equal(&out.source, &expected));
}

/* What a balancer at 192.0.2.9 writes of 198.51.100.7:51000, and its like of 2001:db8::7. */
static const char v4[] = "c6336407 c0000209 c738 0d96";
static const char v6[] =
    "20010db8000000000000000000000007 20010db8000000000000000000000009 c738 0d96";
static const char mapped[] =
    "00000000000000000000ffffc6336407 00000000000000000000ffffc0000209 c738 0d96";

static void client_over_ipv4_is_told(void **state)
{
    (void)state;
    assert_source(write_header(PROXY, TCP4, v4, 12), "198.51.100.7:51000");
}

static void client_over_ipv6_is_told(void **state)
{
    (void)state;
    assert_source(write_header(PROXY, TCP6, v6, 36), "[2001:db8::7]:51000");
}

static void mapped_address_is_the_ipv4_address_it_stands_for(void **state)
{
    (void)state;
    assert_source(write_header(PROXY, TCP6, mapped, 36), "198.51.100.7:51000");
}

static void what_lies_behind_the_addresses_is_skipped(void **state)
{
    (void)state;
    for (size_t more = 1; more < 200; more++) {
        assert_source(write_header(PROXY, TCP4, v4, 12 + more), "198.51.100.7:51000");
        assert_source(write_header(PROXY, TCP6, v6, 36 + more), "[2001:db8::7]:51000");
    }
}

static void what_lies_behind_the_header_is_not_its(void **state)
{
    (void)state;
    struct proxy_header out;
    size_t size = write_header(PROXY, TCP4, v4, 12);
    memset(header + size, 0xee, 64);
    for (size_t more = 1; more < 64; more++) {
        assert_int_equal(read_exactly(size + more, &out), PROXY_OK);
        assert_int_equal(out.size, size);
    }
}

static void balancer_that_speaks_for_itself_names_no_client(void **state)
{
    (void)state;
    static const uint8_t families[] = {UNSPEC, TCP4, TCP6, UNIX};
    struct proxy_header out;
    for (size_t i = 0; i < sizeof(families); i++) {
        for (size_t rest = 0; rest < 40; rest++) {
            size_t size = write_header(LOCAL, families[i], v4, rest);
            assert_int_equal(read_exactly(size, &out), PROXY_OK);
            assert_true(out.is_local);
            assert_int_equal(out.source.family, NETADDR_NONE);
            assert_int_equal(out.size, size);
        }
    }
}

static void family_that_is_none_of_ours_names_no_client(void **state)
{
    (void)state;
    struct proxy_header out;
    for (unsigned family = 0; family < 256; family++) {
        if (family != TCP4 && family != TCP6) {
            size_t size = write_header(PROXY, (uint8_t)family, v4, 12);
            assert_int_equal(read_exactly(size, &out), PROXY_OK);
            assert_int_equal(out.source.family, NETADDR_NONE);
            assert_false(out.is_local);
        }
    }
}

static void every_beginning_asks_for_more(void **state)
{
    (void)state;
    struct proxy_header out;
    size_t whole = write_header(PROXY, TCP6, v6, 36 + 20);
    for (size_t size = 0; size < whole; size++) {
        assert_int_equal(read_exactly(size, &out), PROXY_MORE);
        assert_int_equal(out.size, size < PROXY_HEADER_LEAST ? PROXY_HEADER_LEAST : whole);
    }
}

static void length_without_room_for_the_addresses_is_refused(void **state)
{
    (void)state;
    struct proxy_header out;
    for (size_t rest = 0; rest < 36; rest++) {
        size_t size = write_header(PROXY, TCP6, v6, rest);
        assert_int_equal(read_exactly(size, &out), PROXY_BAD);
        size = write_header(PROXY, TCP4, v4, rest);
        assert_int_equal(read_exactly(size, &out), rest < 12 ? PROXY_BAD : PROXY_OK);
    }
}

static void length_above_the_limit_is_refused_before_it_comes(void **state)
{
    (void)state;
    struct proxy_header out;
    struct writer w = writer_init(header, sizeof(header));
    write_header(PROXY, TCP4, v4, 12);
    w.used = PROXY_HEADER_LEAST;
    for (unsigned length = 12; length <= UINT16_MAX; length++) {
        writer_patch_u16(&w, 14, (uint16_t)length);
        enum proxy_verdict verdict = read_exactly(PROXY_HEADER_LEAST, &out);
        bool fits = PROXY_HEADER_LEAST + length <= PROXY_HEADER_MAX;
        assert_int_equal(verdict, fits ? PROXY_MORE : PROXY_BAD);
        length += length > 3000 ? 97 : 0;
    }
    size_t size = write_header(PROXY, TCP4, v4, PROXY_HEADER_MAX - PROXY_HEADER_LEAST);
    assert_source(size, "198.51.100.7:51000");
}

static void another_signature_is_refused_at_its_first_byte(void **state)
{
    (void)state;
    struct proxy_header out;
    size_t whole = write_header(PROXY, TCP4, v4, 12);
    for (size_t at = 0; at < 12; at++) {
        header[at] ^= 1;
        for (size_t size = 0; size <= whole; size++) {
            assert_int_equal(read_exactly(size, &out), size <= at ? PROXY_MORE : PROXY_BAD);
        }
        header[at] ^= 1;
    }
}

static void another_version_or_command_is_refused(void **state)
{
    (void)state;
    struct proxy_header out;
    for (unsigned command = 0; command < 256; command++) {
        size_t size = write_header((uint8_t)command, TCP4, v4, 12);
        bool is_known = command == LOCAL || command == PROXY;
        assert_int_equal(read_exactly(size, &out), is_known ? PROXY_OK : PROXY_BAD);
    }
}

static void header_of_version_one_is_refused(void **state)
{
    (void)state;
    static const char line[] = "PROXY TCP4 198.51.100.7 192.0.2.9 51000 3478\r\n";
    struct proxy_header out;
    memcpy(header, line, sizeof(line));
    for (size_t size = 1; size < sizeof(line); size++) {
        assert_int_equal(read_exactly(size, &out), PROXY_BAD);
    }
}

static void one_byte_changed_stays_in_bounds(void **state)
{
    (void)state;
    struct proxy_header out;
    size_t whole = write_header(PROXY, TCP6, v6, 40);
    for (size_t at = 0; at < whole; at++) {
        uint8_t was = header[at];
        for (unsigned value = 0; value < 256; value++) {
            header[at] = (uint8_t)value;
            enum proxy_verdict verdict = read_exactly(whole, &out);
            assert_true(verdict != PROXY_OK || out.size <= whole);
            assert_true(verdict != PROXY_MORE || out.size > whole);
        }
        header[at] = was;
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"a client over IPv4 is told", client_over_ipv4_is_told, NULL, NULL, NULL},
        {"a client over IPv6 is told", client_over_ipv6_is_told, NULL, NULL, NULL},
        {"a mapped address is the IPv4 address it stands for",
         mapped_address_is_the_ipv4_address_it_stands_for, NULL, NULL, NULL},
        {"what lies behind the addresses is skipped", what_lies_behind_the_addresses_is_skipped,
         NULL, NULL, NULL},
        {"what lies behind the header is not its", what_lies_behind_the_header_is_not_its, NULL,
         NULL, NULL},
        {"a balancer that speaks for itself names no client",
         balancer_that_speaks_for_itself_names_no_client, NULL, NULL, NULL},
        {"a family that is none of ours names no client",
         family_that_is_none_of_ours_names_no_client, NULL, NULL, NULL},
        {"every beginning asks for more", every_beginning_asks_for_more, NULL, NULL, NULL},
        {"a length without room for the addresses is refused",
         length_without_room_for_the_addresses_is_refused, NULL, NULL, NULL},
        {"a length above the limit is refused before it comes",
         length_above_the_limit_is_refused_before_it_comes, NULL, NULL, NULL},
        {"another signature is refused at its first wrong byte",
         another_signature_is_refused_at_its_first_byte, NULL, NULL, NULL},
        {"another version or command is refused", another_version_or_command_is_refused, NULL, NULL,
         NULL},
        {"a header of version one is refused", header_of_version_one_is_refused, NULL, NULL, NULL},
        {"one byte changed stays in bounds", one_byte_changed_stays_in_bounds, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
