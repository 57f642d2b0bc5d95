/* probe_uri — the URIs of STUN and TURN servers. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_uri.h"

#include <string.h>
#include <strings.h>

#include "base/netaddr.h"

/* The rest of the text that is being read. */
struct cursor {
    const char *at;
};

/* take — skip `word` in whatever case; false when something else stands there. */
static bool take(struct cursor *c, const char *word)
{
    size_t size = strlen(word);
    if (strncasecmp(c->at, word, size) != 0) {
        return false;
    }
    c->at += size;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_host_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

static enum probe_uri_verdict read_scheme(struct cursor *c, struct probe_uri *out)
{
    out->is_turn = take(c, "turn");
    if (!out->is_turn && !take(c, "stun")) {
        return PROBE_URI_SCHEME;
    }
    out->is_secure = take(c, "s");
    out->transport = probe_transport_of(out->is_secure, out->is_secure);
    if (!take(c, ":")) {
        return PROBE_URI_SCHEME;
    }
    return strncmp(c->at, "//", 2) == 0 ? PROBE_URI_SLASHES : PROBE_URI_OK;
}

/* read_bracketed — an IPv6 address in brackets. */
static bool read_bracketed(struct cursor *c, struct probe_uri *out)
{
    struct netaddr address;
    size_t size = strcspn(c->at, "]");
    if (c->at[size] == '\0' || size >= sizeof(out->host)) {
        return false;
    }
    memcpy(out->host, c->at, size);
    out->host[size] = '\0';
    c->at += size + 1;
    return netaddr_parse(out->host, &address) && address.family == NETADDR_IPV6;
}

/* read_name — a host name or an IPv4 address. What looks like an address but is none, "10.0.0.256"
 * or "127.1", is no host: resolvers make something surprising of it. */
static bool read_name(struct cursor *c, struct probe_uri *out)
{
    size_t size = 0;
    while (is_host_char(c->at[size])) {
        size++;
    }
    if (size == 0 || size >= sizeof(out->host)) {
        return false;
    }
    memcpy(out->host, c->at, size);
    out->host[size] = '\0';
    c->at += size;
    struct netaddr address;
    bool is_number = out->host[strspn(out->host, "0123456789.")] == '\0';
    return !is_number || netaddr_parse(out->host, &address);
}

/* read_port — ":" and digits; none of them means the default, RFC 3986 3.2.3. */
static bool read_port(struct cursor *c, struct probe_uri *out)
{
    uint32_t value = 0;
    out->port = out->is_secure ? PROBE_URI_PORT_SECURE : PROBE_URI_PORT;
    if (!take(c, ":")) {
        return true;
    }
    const char *first = c->at;
    for (; is_digit(*c->at) && value <= UINT16_MAX; c->at++) {
        value = value * 10 + (uint32_t)(*c->at - '0');
    }
    if (c->at != first) {
        out->port = (uint16_t)value;
        return value > 0 && value <= UINT16_MAX;
    }
    return *c->at == '\0' || *c->at == '?';
}

/* read_query — RFC 7065 3.1; the default is that of RFC 5928 for either scheme. */
static enum probe_uri_verdict read_query(struct cursor *c, struct probe_uri *out)
{
    out->has_transport = false;
    if (*c->at == '\0') {
        return PROBE_URI_OK;
    }
    if (!out->is_turn || !take(c, "?transport=")) {
        return PROBE_URI_QUERY;
    }
    bool is_stream = strcasecmp(c->at, "tcp") == 0;
    if (!is_stream && strcasecmp(c->at, "udp") != 0) {
        return PROBE_URI_TRANSPORT;
    }
    out->has_transport = true;
    out->transport = probe_transport_of(is_stream, out->is_secure);
    return PROBE_URI_OK;
}

enum probe_uri_verdict probe_uri_parse(const char *text, struct probe_uri *out)
{
    struct cursor c = {text};
    enum probe_uri_verdict verdict = read_scheme(&c, out);
    if (verdict != PROBE_URI_OK) {
        return verdict;
    }
    if (c.at[strcspn(c.at, "@?")] == '@') {
        return PROBE_URI_USER;
    }
    if (take(&c, "[") ? !read_bracketed(&c, out) : !read_name(&c, out)) {
        return PROBE_URI_HOST;
    }
    if (*c.at != '\0' && *c.at != ':' && *c.at != '?') {
        return PROBE_URI_HOST;
    }
    if (!read_port(&c, out) || (*c.at != '\0' && *c.at != '?')) {
        /* one more colon: an IPv6 address without brackets */
        return strchr(c.at, ':') ? PROBE_URI_HOST : PROBE_URI_PORT_RANGE;
    }
    return read_query(&c, out);
}

enum probe_uri_verdict probe_uri_choose(struct probe_uri *uri, bool is_stream)
{
    if (uri->has_transport && probe_transport_is_stream(uri->transport) != is_stream) {
        return PROBE_URI_TWO;
    }
    uri->transport = probe_transport_of(is_stream, uri->is_secure);
    return PROBE_URI_OK;
}

bool probe_uri_is_address(const struct probe_uri *uri)
{
    struct netaddr address;
    return netaddr_parse(uri->host, &address);
}

const char *probe_uri_reason(enum probe_uri_verdict verdict)
{
    switch (verdict) {
    case PROBE_URI_SCHEME:
        return "does not begin with stun:, stuns:, turn: or turns:";
    case PROBE_URI_SLASHES:
        return "has slashes behind its scheme: it is written turn:host:port";
    case PROBE_URI_USER:
        return "has a user in it, which belongs to --user";
    case PROBE_URI_HOST:
        return "has no host that could be one (IPv6 addresses stand in brackets)";
    case PROBE_URI_PORT_RANGE:
        return "has a port that is not a number from 1 to 65535";
    case PROBE_URI_TRANSPORT:
        return "asks for an unknown transport: there are udp and tcp";
    case PROBE_URI_QUERY:
        return "ends in something other than ?transport=udp or ?transport=tcp, which only turn: "
               "and "
               "turns: take (for the others there is --transport)";
    case PROBE_URI_TWO:
        return "says another transport than --transport does";
    case PROBE_URI_OK:
    case PROBE_URI_VERDICT_COUNT:
        break;
    }
    return "is fine";
}
