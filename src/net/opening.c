/* opening — what the first bytes of a connection say it is. */
/* SPDX-License-Identifier: MIT */
#include "net/opening.h"

#include <errno.h>
#include <strings.h>
#include <sys/socket.h>

#include "wire/proxy_header.h"

/* await — be woken when more than these bytes are there: what is looked at stays readable. */
static enum opening_verdict await(const struct connection *c, size_t more_than)
{
    int least = (int)more_than + 1;
    (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof(least));
    return OPENING_WAIT;
}

static enum opening_verdict decide(const struct connection *c, enum opening_verdict verdict)
{
    (void)await(c, 0);
    return verdict;
}

bool opening_is_proxy(const struct listener_rules *rules, const struct netaddr *from)
{
    for (size_t i = 0; i < rules->proxies.count; i++) {
        if (prefix_has(&rules->proxies.at[i], from)) {
            return true;
        }
    }
    return false;
}

static bool is_for_web(const struct listener_rules *rules, struct span name)
{
    for (size_t i = 0; i < rules->names.count; i++) {
        const char *own = rules->names.at[i];
        if (strlen(own) == name.size &&
            strncasecmp(own, (const char *)name.bytes, name.size) == 0) {
            return true;
        }
    }
    return false;
}

/* look_tls — a session of OpenSSL takes tens of kilobytes: there is none before the hello is whole.
 */
static enum opening_verdict look_tls(const struct listener_rules *rules, const struct connection *c,
                                     const uint8_t *bytes, size_t size)
{
    struct hello hello;
    enum hello_verdict verdict = hello_read_tls(bytes, size, &hello);
    if (verdict == HELLO_MORE) {
        return await(c, hello.size - 1);
    }
    bool is_web = verdict == HELLO_OK && is_for_web(rules, hello.name);
    return decide(c, is_web ? OPENING_WEB : OPENING_SECURE);
}

/* take_proxy — the header that a balancer puts first. */
static enum opening_verdict take_proxy(struct connection *c, uint8_t *bytes, size_t size)
{
    struct proxy_header header;
    switch (proxy_header_read(bytes, size, &header)) {
    case PROXY_MORE:
        return await(c, size);
    case PROXY_BAD:
        return OPENING_REFUSED;
    default:
        break;
    }
    if (recv(c->fd, bytes, header.size, MSG_DONTWAIT) != (ssize_t)header.size) {
        return OPENING_GONE;
    }
    if (header.source.family != NETADDR_NONE) {
        c->path.client.a = header.source;
    }
    c->awaits_proxy = false;
    c->seen = 0;
    return await(c, 0);
}

enum opening_verdict opening_look(const struct listener_rules *rules, struct connection *c,
                                  uint8_t *scratch)
{
    enum { STUN_LAST = 3, FIRST_BITS = 0xc0, LETTER_BIT = 0x40 }; /* RFC 7983 */
    ssize_t size = recv(c->fd, scratch, HELLO_SIZE_MAX, MSG_PEEK | MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return OPENING_WAIT;
    }
    if (size <= (ssize_t)c->seen) {
        /* Woken, and yet no more bytes: there will be none, or they lie in so many pieces that the
         * kernel wants them read. OpenSSL can tell. */
        bool is_hello = size > 0 && !c->awaits_proxy && scratch[0] == HELLO_RECORD_TLS;
        return is_hello && rules->takes_secure ? decide(c, OPENING_SECURE) : OPENING_GONE;
    }
    c->seen = (uint32_t)size;
    if (c->awaits_proxy) {
        return take_proxy(c, scratch, (size_t)size);
    }
    if (scratch[0] == HELLO_RECORD_TLS && rules->takes_secure) {
        return look_tls(rules, c, scratch, (size_t)size);
    }
    if (scratch[0] <= STUN_LAST) {
        return rules->takes_plain ? decide(c, OPENING_PLAIN) : OPENING_MISSED;
    }
    bool is_web = rules->takes_plain && (scratch[0] & FIRST_BITS) == LETTER_BIT &&
                  rules->fallback.family != NETADDR_NONE;
    return is_web ? decide(c, OPENING_WEB) : OPENING_REFUSED;
}
