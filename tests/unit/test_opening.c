/* test_opening — what the first bytes of a connection say it is: at once, byte by byte, behind a
 * balancer; and that they stay where they are. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/opening.h"
#include "net/sockaddr.h"
#include "support/secure_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum { CAPACITY = 4, HELLO_ROOM = 4096, BALANCER_SIZE = 28 };

static const struct mono start = {1000 * MONO_SECOND};
static char own_name[] = "www.example.org";
static char other_name[] = "example.net";
static char *const own_names[] = {own_name, other_name};

/* What a balancer says of 198.51.100.7:51000. */
static const uint8_t balancer[BALANCER_SIZE + 1] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
                                                   "\xc6\x33\x64\x07\xc0\0\2\x09\xc7\x38\x0d\x96";
static const uint8_t health_check[17] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

static struct support_memory memory;
static struct connection_set set;
static struct listener_rules rules;
static struct prefix balancers[2];
static struct connection *c;
static int far_end;
static uint8_t scratch[HELLO_SIZE_MAX];
static uint8_t hello[HELLO_ROOM];
static size_t hello_size;

static int begin(void **state)
{
    (void)state;
    support_memory_init(&memory);
    rules = (struct listener_rules){.takes_plain = true, .takes_secure = true};
    rules.fallback = netaddr_ipv4(0x7f000001, 80);
    far_end = -1;
    return connection_set_init(&set, &memory.memory, CAPACITY, start) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    connection_set_fini(&set);
    close(far_end);
    return 0;
}

/* open_one — a connection over TCP that has said nothing yet; any before it is closed. */
static void open_one(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    if (far_end >= 0) {
        connection_close(&set, c, true);
        close(far_end);
    }
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    far_end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(connect(far_end, (struct sockaddr *)&at, size), 0);
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    close(listener);
    c = connection_open(&set, fd, CONNECTION_OPENING, start);
    assert_non_null(c);
    c->path.client.a = netaddr_ipv4(0x7f000001, 4000);
}

/* say — and wait until all the bytes have come, whatever the socket may be woken for. */
static void say(const uint8_t *bytes, size_t size)
{
    int before = 0;
    int here = 0;
    assert_int_equal(ioctl(c->fd, FIONREAD, &before), 0);
    assert_int_equal(send(far_end, bytes, size, MSG_NOSIGNAL), size);
    for (int i = 0; i < 10000 && here < before + (int)size; i++) {
        assert_int_equal(ioctl(c->fd, FIONREAD, &here), 0);
        usleep(here < before + (int)size ? 100 : 0);
    }
    assert_int_equal(here, before + (int)size);
}

static enum opening_verdict look(void)
{
    return opening_look(&rules, c, scratch);
}

static bool is_woken(void)
{
    struct epoll_event event;
    return epoll_wait(set.handshakes, &event, 1, 0) == 1;
}

static enum opening_verdict verdict_on(const uint8_t *bytes, size_t size)
{
    open_one();
    say(bytes, size);
    return look();
}

/* assert_left — what was said is still there to be read, and one more byte would wake. */
static void assert_left(const uint8_t *bytes, size_t size)
{
    uint8_t here[HELLO_ROOM];
    assert_true(is_woken());
    assert_int_equal(recv(c->fd, here, sizeof(here), MSG_DONTWAIT), size);
    assert_memory_equal(here, bytes, size);
    assert_false(is_woken());
    say((const uint8_t *)"x", 1);
    assert_true(is_woken());
}

static void say_hello_as(const struct secure_client_wish *wish)
{
    hello_size = secure_client_hello(wish, hello, sizeof(hello));
}

static void nothing_yet_is_waited_for(void **state)
{
    (void)state;
    open_one();
    assert_int_equal(look(), OPENING_WAIT);
    assert_false(is_woken());
    say((const uint8_t *)"\0", 1);
    assert_true(is_woken());
    assert_int_equal(look(), OPENING_PLAIN);
}

/* expected — the verdict on a first byte that is no beginning of TLS. */
static enum opening_verdict expected(unsigned first)
{
    bool has_web = rules.fallback.family != NETADDR_NONE;
    if (first <= 3) { /* RFC 7983 */
        return rules.takes_plain ? OPENING_PLAIN : OPENING_MISSED;
    }
    return first >= 0x40 && first < 0x80 && rules.takes_plain && has_web ? OPENING_WEB
                                                                         : OPENING_REFUSED;
}

static void every_first_byte_has_its_verdict(void **state)
{
    (void)state;
    struct netaddr web = rules.fallback;
    for (int way = 1; way < 8; way++) {
        rules.takes_plain = (way & 1) != 0;
        rules.takes_secure = (way & 2) != 0;
        rules.fallback = way & 4 ? web : (struct netaddr){.family = NETADDR_NONE};
        for (unsigned first = 0; first < 256; first += first < 24 || first > 0x3d ? 1 : 5) {
            uint8_t bytes[8] = {(uint8_t)first};
            enum opening_verdict verdict = verdict_on(bytes, sizeof(bytes));
            if (first != HELLO_RECORD_TLS || !rules.takes_secure) {
                assert_int_equal(verdict, expected(first));
            } else {
                assert_int_equal(verdict, OPENING_SECURE); /* TLS has the last word on rubbish */
            }
            first += first > 0x44 && first < 0x7a ? 8 : 0;
        }
    }
}

static void what_was_looked_at_stays(void **state)
{
    (void)state;
    static const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    static const uint8_t get[] = "GET / HTTP/1.1\r\n";
    assert_int_equal(verdict_on(binding, sizeof(binding)), OPENING_PLAIN);
    assert_left(binding, sizeof(binding));
    assert_int_equal(verdict_on(get, sizeof(get)), OPENING_WEB);
    assert_left(get, sizeof(get));
    say_hello_as(&(struct secure_client_wish){.name = "relay.example.org"});
    assert_int_equal(verdict_on(hello, hello_size), OPENING_SECURE);
    assert_left(hello, hello_size);
}

/* Byte by byte: it is woken for the header of the record, then for all of it, and no oftener. */
static void hello_that_dribbles_wakes_twice(void **state)
{
    (void)state;
    int woken = 0;
    enum opening_verdict verdict = OPENING_WAIT;
    say_hello_as(&(struct secure_client_wish){.name = "relay.example.org"});
    open_one();
    say(hello, 1);
    assert_int_equal(look(), OPENING_WAIT);
    for (size_t i = 1; i < hello_size; i++) {
        assert_int_equal(verdict, OPENING_WAIT);
        say(hello + i, 1);
        if (is_woken()) {
            woken++;
            assert_true(i == HELLO_TLS_HEADER - 1 || i == hello_size - 1);
            verdict = look();
        }
    }
    assert_int_equal(woken, 2);
    assert_int_equal(verdict, OPENING_SECURE);
    assert_left(hello, hello_size);
}

static void rubbish_behind_the_first_byte_of_tls_is_for_tls(void **state)
{
    (void)state;
    static const uint8_t rubbish[][6] = {
        {22, 2, 1, 0, 4, 1}, {22, 3, 1, 0xff, 0xff, 1}, {22, 3, 1, 0, 1, 9}, {22, 3, 1, 0, 0, 0}};
    rules.names.at = own_names;
    rules.names.count = 2;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(verdict_on(rubbish[i], sizeof(rubbish[i])), OPENING_SECURE);
    }
}

static void assert_name(const char *name, enum opening_verdict verdict)
{
    static const int versions[] = {0, TLS1_2_VERSION};
    for (int i = 0; i < 2; i++) {
        say_hello_as(&(struct secure_client_wish){.name = name, .most = versions[i]});
        assert_int_equal(verdict_on(hello, hello_size), verdict);
        assert_left(hello, hello_size);
    }
}

static void who_asks_for_a_name_of_the_web_is_for_the_web(void **state)
{
    (void)state;
    rules.names.at = own_names;
    rules.names.count = 2;
    assert_name("www.example.org", OPENING_WEB);
    assert_name("WWW.Example.ORG", OPENING_WEB);
    assert_name("example.net", OPENING_WEB);
    assert_name("relay.example.org", OPENING_SECURE);
    assert_name("www.example.or", OPENING_SECURE);
    assert_name("www.example.org.", OPENING_SECURE);
    assert_name("a.www.example.org", OPENING_SECURE);
    assert_name(NULL, OPENING_SECURE);
    rules.names.count = 0;
    assert_name("www.example.org", OPENING_SECURE);
}

static void hello_in_several_records_is_for_us(void **state)
{
    (void)state;
    rules.names.at = own_names;
    rules.names.count = 2;
    say_hello_as(&(struct secure_client_wish){.name = "www.example.org"});
    struct writer w = {hello, sizeof(hello), hello_size, false};
    writer_patch_u16(&w, 3, 100); /* the message is longer than its record */
    assert_int_equal(verdict_on(hello, hello_size), OPENING_SECURE);
}

static void plain_listener_knows_no_tls(void **state)
{
    (void)state;
    rules.takes_secure = false;
    say_hello_as(&(struct secure_client_wish){.name = "relay.example.org"});
    assert_int_equal(verdict_on(hello, hello_size), OPENING_REFUSED);
}

/* ---- behind a balancer */

static void assert_client(const char *address)
{
    struct netaddr a;
    assert_true(netaddr_parse(address, &a));
    assert_true(netaddr_is_equal(&c->path.client.a, &a));
}

static void say_through_balancer(const uint8_t *bytes, size_t size, size_t first)
{
    uint8_t all[BALANCER_SIZE + HELLO_ROOM];
    memcpy(all, balancer, BALANCER_SIZE);
    memcpy(all + BALANCER_SIZE, bytes, size);
    size += BALANCER_SIZE;
    open_one();
    c->awaits_proxy = true;
    say(all, first < size ? first : size);
    if (first < size) {
        assert_int_equal(look(), OPENING_WAIT);
        say(all + first, size - first);
    }
}

static void balancer_names_the_client_and_tls_follows(void **state)
{
    (void)state;
    say_hello_as(&(struct secure_client_wish){.name = "relay.example.org"});
    for (size_t first = 1; first<BALANCER_SIZE + hello_size; first += first> 40 ? 37 : 1) {
        say_through_balancer(hello, hello_size, first);
        enum opening_verdict verdict = OPENING_WAIT;
        for (int i = 0; i < 3 && verdict == OPENING_WAIT; i++) {
            assert_true(is_woken());
            verdict = look();
        }
        assert_int_equal(verdict, OPENING_SECURE);
        assert_client("198.51.100.7:51000");
        assert_false(c->awaits_proxy);
        assert_left(hello, hello_size);
    }
}

static void balancer_names_the_client_and_stun_follows(void **state)
{
    (void)state;
    static const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    say_through_balancer(binding, sizeof(binding), SIZE_MAX);
    assert_int_equal(look(), OPENING_WAIT);
    assert_client("198.51.100.7:51000");
    assert_true(is_woken());
    assert_int_equal(look(), OPENING_PLAIN);
    assert_left(binding, sizeof(binding));
}

static void header_that_dribbles_is_taken_when_it_is_whole(void **state)
{
    (void)state;
    open_one();
    c->awaits_proxy = true;
    for (size_t i = 0; i < BALANCER_SIZE; i++) {
        assert_client("127.0.0.1:4000");
        say(balancer + i, 1);
        if (is_woken()) {
            assert_int_equal(look(), OPENING_WAIT);
        }
    }
    assert_client("198.51.100.7:51000");
    assert_false(is_woken()); /* nothing is left of it */
    assert_int_equal(look(), OPENING_WAIT);
    say((const uint8_t *)"\0", 1);
    assert_true(is_woken());
    assert_int_equal(look(), OPENING_PLAIN);
}

static void balancer_that_speaks_for_itself_is_the_client(void **state)
{
    (void)state;
    open_one();
    c->awaits_proxy = true;
    say(health_check, 16);
    assert_int_equal(look(), OPENING_WAIT);
    assert_client("127.0.0.1:4000");
    assert_false(c->awaits_proxy);
}

static void who_is_no_balancer_is_refused_without_a_header(void **state)
{
    (void)state;
    static const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    static const uint8_t version_one[] = "PROXY TCP4 198.51.100.7 192.0.2.9 51000 3478\r\n";
    open_one();
    c->awaits_proxy = true;
    say(binding, sizeof(binding));
    assert_int_equal(look(), OPENING_REFUSED);
    open_one();
    c->awaits_proxy = true;
    say(version_one, sizeof(version_one) - 1);
    assert_int_equal(look(), OPENING_REFUSED);
    assert_client("127.0.0.1:4000");
}

static void balancers_are_known_by_their_address(void **state)
{
    (void)state;
    struct netaddr a;
    assert_true(prefix_parse("192.0.2.0/24", &balancers[0]));
    assert_true(prefix_parse("2001:db8::9", &balancers[1]));
    rules.proxies.at = balancers;
    assert_true(netaddr_parse("192.0.2.9:1234", &a));
    assert_false(opening_is_proxy(&rules, &a));
    rules.proxies.count = 2;
    assert_true(opening_is_proxy(&rules, &a));
    assert_true(netaddr_parse("[2001:db8::9]:1234", &a));
    assert_true(opening_is_proxy(&rules, &a));
    assert_true(netaddr_parse("[2001:db8::8]:1234", &a));
    assert_false(opening_is_proxy(&rules, &a));
    assert_true(netaddr_parse("192.0.3.9:1234", &a));
    assert_false(opening_is_proxy(&rules, &a));
}

/* ---- who goes */

static bool has_come(int fd, short what)
{
    struct pollfd p = {.fd = fd, .events = what};
    return poll(&p, 1, 10000) == 1 && (p.revents & what) != 0;
}

static void who_ends_with_nothing_said_has_gone(void **state)
{
    (void)state;
    open_one();
    assert_int_equal(shutdown(far_end, SHUT_WR), 0);
    assert_true(has_come(c->fd, POLLRDHUP));
    assert_int_equal(look(), OPENING_GONE);
}

/* Nothing more will come, and an epoll set would tell of the end over and over. The end of half a
 * hello looks like one in too many pieces, and OpenSSL is left to find out. */
static void who_ends_within_the_beginning_has_gone(void **state)
{
    (void)state;
    say_hello_as(&(struct secure_client_wish){.name = "relay.example.org"});
    for (int way = 0; way < 2; way++) {
        const uint8_t *bytes = way ? balancer : hello;
        size_t whole = way ? BALANCER_SIZE : hello_size;
        for (size_t cut = 1; cut < whole; cut += cut < 30 ? 1 : 71) {
            open_one();
            c->awaits_proxy = way == 1;
            say(bytes, cut);
            assert_int_equal(look(), OPENING_WAIT);
            assert_int_equal(shutdown(far_end, SHUT_WR), 0);
            assert_true(has_come(c->fd, POLLRDHUP));
            assert_true(is_woken());
            assert_int_equal(look(), way ? OPENING_GONE : OPENING_SECURE);
        }
    }
}

static void who_has_said_all_and_ended_is_heard(void **state)
{
    (void)state;
    static const uint8_t get[] = "GET / HTTP/1.0\r\n\r\n";
    open_one();
    say(get, sizeof(get));
    assert_int_equal(shutdown(far_end, SHUT_WR), 0);
    assert_true(has_come(c->fd, POLLRDHUP));
    assert_int_equal(look(), OPENING_WEB);
    assert_int_equal(recv(c->fd, scratch, sizeof(scratch), MSG_DONTWAIT), sizeof(get));
}

static void who_resets_has_gone(void **state)
{
    (void)state;
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    open_one();
    assert_int_equal(setsockopt(far_end, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    close(far_end);
    far_end = -1;
    assert_true(has_come(c->fd, POLLHUP));
    assert_int_equal(look(), OPENING_GONE);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"nothing yet is waited for", nothing_yet_is_waited_for, begin, end, NULL},
        {"every first byte has its verdict", every_first_byte_has_its_verdict, begin, end, NULL},
        {"what was looked at stays", what_was_looked_at_stays, begin, end, NULL},
        {"a hello that dribbles wakes twice", hello_that_dribbles_wakes_twice, begin, end, NULL},
        {"rubbish behind the first byte of TLS is for TLS",
         rubbish_behind_the_first_byte_of_tls_is_for_tls, begin, end, NULL},
        {"who asks for a name of the web is for the web",
         who_asks_for_a_name_of_the_web_is_for_the_web, begin, end, NULL},
        {"a hello in several records is for us", hello_in_several_records_is_for_us, begin, end,
         NULL},
        {"a plain listener knows no TLS", plain_listener_knows_no_tls, begin, end, NULL},
        {"a balancer names the client and TLS follows", balancer_names_the_client_and_tls_follows,
         begin, end, NULL},
        {"a balancer names the client and STUN follows", balancer_names_the_client_and_stun_follows,
         begin, end, NULL},
        {"a header that dribbles is taken when it is whole",
         header_that_dribbles_is_taken_when_it_is_whole, begin, end, NULL},
        {"a balancer that speaks for itself is the client",
         balancer_that_speaks_for_itself_is_the_client, begin, end, NULL},
        {"who is no balancer is refused without a header",
         who_is_no_balancer_is_refused_without_a_header, begin, end, NULL},
        {"balancers are known by their address", balancers_are_known_by_their_address, begin, end,
         NULL},
        {"who ends with nothing said has gone", who_ends_with_nothing_said_has_gone, begin, end,
         NULL},
        {"who ends within the beginning has gone", who_ends_within_the_beginning_has_gone, begin,
         end, NULL},
        {"who has said all and ended is heard", who_has_said_all_and_ended_is_heard, begin, end,
         NULL},
        {"who resets has gone", who_resets_has_gone, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
