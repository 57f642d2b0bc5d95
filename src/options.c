/* options — the one table of all that can be configured. */
/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <string.h>

#include "conf.h"

#define FIELD(type, member) .field = offsetof(type, member), .size = sizeof(((type *)0)->member)

/* The two ports of a range and the two members of a list lie side by side. */
static_assert(offsetof(struct conf, port_max) == offsetof(struct conf, port_min) + 2, "ports");
#define IS_LIST(at, count)                                                                         \
    (offsetof(struct conf, count) == offsetof(struct conf, at) + sizeof(void *))
static_assert(IS_LIST(listeners, listener_count), "a list is a pointer and a size");
static_assert(IS_LIST(relay_addresses, relay_address_count), "a list is a pointer and a size");
static_assert(IS_LIST(alternates, alternate_count), "a list is a pointer and a size");
static_assert(IS_LIST(externals, external_count), "a list is a pointer and a size");

enum {
    MINUTE = 60,
    HOUR = 3600,
    DAY = 86400,
    PATH_LONGEST = 4095,
    NAME_LONGEST = 508,    /* bytes, RFC 8489 14.3 */
    SECRET_LONGEST = 1024, /* bytes */
    MANY = 1000000000,
};

static const struct options_section sections[OPTIONS_SECTION_COUNT] = {
    {OPTIONS_TOP, OPTIONS_TOP, "", NULL, "Options outside of any section."},
    {OPTIONS_REALM, OPTIONS_TOP, "realm", "turn.example.org",
     "Who may relay: the users and secrets of one realm. The first realm is the default; without "
     "any the server answers STUN alone."},
    {OPTIONS_USER, OPTIONS_REALM, "realm.user", "alice",
     "One user with a password or a key that never expires."},
    {OPTIONS_REALM_LIMITS, OPTIONS_REALM, "realm.limits", NULL,
     "Limits of this realm. They can only narrow those of the server."},
    {OPTIONS_REALM_PEERS, OPTIONS_REALM, "realm.peers", NULL,
     "Peers of this realm, on top of those of the server."},
    {OPTIONS_LISTENER, OPTIONS_TOP, "listener", "tls:*:443",
     "One listening address, written as in listen, with options of its own."},
    {OPTIONS_RELAY, OPTIONS_TOP, "relay", NULL, "Where and how the server relays."},
    {OPTIONS_PEERS, OPTIONS_TOP, "peers", NULL,
     "Peers that clients may reach, on top of safe defaults: loopback, private, link-local, "
     "multicast and all other special addresses are denied. The most specific range wins, then "
     "deny."},
    {OPTIONS_LIMITS, OPTIONS_TOP, "limits", NULL, "How much and for how long."},
    {OPTIONS_TLS, OPTIONS_TOP, "tls", NULL, "Certificate of every listener without its own."},
    {OPTIONS_HTTP, OPTIONS_TOP, "http", NULL, "The management interface, see turnpike-api(7)."},
    {OPTIONS_LOG, OPTIONS_TOP, "log", NULL, "What is logged, how and where."},
};

static const struct options_row rows[] = {
    {OPTIONS_TOP, OPTIONS_ENDPOINTS, OPTIONS_RESTART, "listen", .standard = "udp:*:3478",
     FIELD(struct conf, listeners),
     .help =
         "Where clients reach the server, as kind:address:port; the kinds are udp, tcp, tls and "
         "dtls. IPv6 addresses stand in brackets; * is every address of the machine, in both "
         "families. udp and dtls can share a port, and so can tcp and tls."},
    {OPTIONS_TOP, OPTIONS_NUMBER, OPTIONS_RESTART, "workers", .standard = "0", .max = 1024,
     FIELD(struct conf, workers), .help = "Worker threads. 0 starts one per core."},
    {OPTIONS_TOP, OPTIONS_NAME, OPTIONS_RESTART, "run-as", .example = "\"turnpike\"", .max = 255,
     FIELD(struct conf, run_as),
     .help = "User to become once all sockets are bound. Empty: stay who started the server."},
    {OPTIONS_TOP, OPTIONS_TEXT, OPTIONS_LIVE, "software", .standard = "turnpike", .max = 127,
     FIELD(struct conf, software),
     .help = "What the SOFTWARE attribute says in answers to authenticated requests. Empty: no "
             "such attribute."},
    {OPTIONS_TOP, OPTIONS_DURATION, OPTIONS_LIVE, "drain-timeout", .standard = "0", .max = 7 * DAY,
     FIELD(struct conf, drain_timeout),
     .help = "How long a draining server waits for its allocations to end. 0: as long as they "
             "live."},
    {OPTIONS_TOP, OPTIONS_SERVERS, OPTIONS_LIVE, "alternate-servers", .standard = "",
     .example = "{ \"198.51.100.9:3478\", \"[2001:db8::9]:3478\" }", FIELD(struct conf, alternates),
     .max = 4,
     .help = "Servers that a draining one sends new clients to, at most four; the first of the "
             "client's family comes first. None: they get error 508."},
    {OPTIONS_TOP, OPTIONS_TEXTS, OPTIONS_LIVE, "names", .standard = "",
     .example = "{ \"turn.example.org\" }", .min = 1, .max = NAME_LONGEST,
     FIELD(struct conf, names),
     .help = "Host names that clients are given for this server. A certificate that does not "
             "cover them is warned of."},
    {OPTIONS_TOP, OPTIONS_TEXTS, OPTIONS_LIVE, "uris", .standard = "",
     .example = "{ \"turn:turn.example.org?transport=udp\" }", .min = 1, .max = NAME_LONGEST,
     FIELD(struct conf, uris),
     .help = "URIs that go with issued credentials. None: made of names and listen, or of the "
             "addresses where there are no names."},
    {OPTIONS_TOP, OPTIONS_URL, OPTIONS_RESTART, "store", .standard = "memory",
     .example = "\"sqlite:/var/lib/turnpike/turnpike.db\"", .min = 1, .max = PATH_LONGEST,
     FIELD(struct conf, store),
     .help = "Where users, issued credentials, keys and revocations are kept, beside this file. "
             "memory: until the server ends. sqlite:/PATH: in a file of this machine. "
             "redis://USER:PASSWORD@HOST:PORT/DB, rediss:// over TLS, redis+unix:/SOCKET or "
             "redis+sentinel://HOST:PORT,HOST:PORT/NAME: shared by many servers. "
             "coturn+redis://HOST: the users and secrets of coturn, read only."},
    {OPTIONS_TOP, OPTIONS_PASSWORD, OPTIONS_RESTART, "store-password",
     .example = "\"file:/etc/turnpike/redis-password\"", .min = 1, .max = SECRET_LONGEST,
     FIELD(struct conf, store_password),
     .help = "Password of the store, where it is not in its URL. file:NAME reads it from a file."},
    {OPTIONS_TOP, OPTIONS_NAME, OPTIONS_RESTART, "node", .example = "\"relay-1\"", .max = 63,
     FIELD(struct conf, node),
     .help = "Name of this server among those that share a store. Empty: that of the machine."},
    {OPTIONS_TOP, OPTIONS_NAME, OPTIONS_RESTART, "control",
     .example = "\"/run/turnpike/control.sock\"", .max = 107, FIELD(struct conf, control),
     .help = "Unix socket that turnpikectl speaks to; only the user that the server runs as, and "
             "root, may open it. Empty: there is none."},
    {OPTIONS_TOP, OPTIONS_DURATION, OPTIONS_RESTART, "usage-interval", .standard = "0", .max = DAY,
     FIELD(struct conf, usage_interval),
     .help = "How often the store is told what each session has relayed so far, at least 10s; "
             "start and end are told as well. 0: none of it is."},

    {OPTIONS_REALM, OPTIONS_SECRETS, OPTIONS_LIVE, "realm.secret", .standard = "",
     .example = "{ \"file:/etc/turnpike/secret\" }", .min = 1, .max = SECRET_LONGEST,
     FIELD(struct conf_realm, secrets),
     .help = "Secrets that time-limited credentials are signed with. Several allow rotation: all "
             "are accepted. file:NAME reads the secret from a file."},
    {OPTIONS_REALM, OPTIONS_WORD, OPTIONS_LIVE, "realm.secret-digest", .standard = "sha1",
     .words = "sha1|sha256|both", FIELD(struct conf_realm, secret_digest),
     .help = "Digest of the HMAC in time-limited credentials. sha1 is what other programs issue."},
    {OPTIONS_REALM, OPTIONS_WORD, OPTIONS_LIVE, "realm.expiry", .standard = "lenient",
     .words = "lenient|strict", FIELD(struct conf_realm, expiry_is_strict),
     .help = "Whether an allocation may be refreshed after its credential has expired. Browsers "
             "never fetch a new credential for a running call, so lenient is what they need."},
    {OPTIONS_REALM, OPTIONS_DURATION, OPTIONS_LIVE, "realm.expiry-grace", .standard = "24h",
     .max = 30 * DAY, FIELD(struct conf_realm, expiry_grace),
     .help = "How long an allocation may outlive its credential while expiry is lenient. It also "
             "bounds how long one outlives a secret that was removed."},

    {OPTIONS_REALM, OPTIONS_YES_NO, OPTIONS_LIVE, "realm.issue", .standard = "yes",
     FIELD(struct conf_realm, issues),
     .help = "Whether credentials can be issued in this realm, by turnpikectl and over HTTP."},
    {OPTIONS_REALM, OPTIONS_DURATION, OPTIONS_LIVE, "realm.credential-ttl", .standard = "1h",
     .min = 10, .max = 400 * DAY, FIELD(struct conf_realm, credential_ttl),
     .help = "How long an issued credential is good when nothing else is asked for."},
    {OPTIONS_REALM, OPTIONS_DURATION, OPTIONS_LIVE, "realm.credential-max-ttl", .standard = "24h",
     .min = 10, .max = 400 * DAY, FIELD(struct conf_realm, credential_max_ttl),
     .help = "The longest that can be asked for."},

    {OPTIONS_USER, OPTIONS_PASSWORD, OPTIONS_LIVE, "realm.user.password",
     .example = "\"wonderland\"", .min = 1, .max = SECRET_LONGEST,
     FIELD(struct conf_user, password),
     .help = "Password of the user. file:NAME reads it from a file."},
    {OPTIONS_USER, OPTIONS_KEY, OPTIONS_LIVE, "realm.user.key",
     .example = "\"00112233445566778899aabbccddeeff\"", FIELD(struct conf_user, key),
     .help = "Instead of a password, the MD5 of user:realm:password in hex. Such a user cannot be "
             "authenticated by SHA-256."},

    {OPTIONS_REALM_LIMITS, OPTIONS_DURATION, OPTIONS_LIVE, "realm.limits.lifetime",
     .example = "\"10m\"", .min = 10 * MINUTE, .max = DAY,
     FIELD(struct conf_realm, limits.lifetime), .help = "As in limits, for this realm."},
    {OPTIONS_REALM_LIMITS, OPTIONS_DURATION, OPTIONS_LIVE, "realm.limits.max-lifetime",
     .example = "\"30m\"", .min = 10 * MINUTE, .max = DAY,
     FIELD(struct conf_realm, limits.max_lifetime), .help = "As in limits, for this realm."},
    {OPTIONS_REALM_LIMITS, OPTIONS_DURATION, OPTIONS_LIVE, "realm.limits.permission-lifetime",
     .example = "\"5m\"", .min = 1, .max = HOUR,
     FIELD(struct conf_realm, limits.permission_lifetime), .help = "As in limits, for this realm."},
    {OPTIONS_REALM_LIMITS, OPTIONS_DURATION, OPTIONS_LIVE, "realm.limits.channel-lifetime",
     .example = "\"10m\"", .min = 1, .max = HOUR, FIELD(struct conf_realm, limits.channel_lifetime),
     .help = "As in limits, for this realm."},
    {OPTIONS_REALM_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "realm.limits.allocations",
     .example = "\"1000\"", .max = MANY, FIELD(struct conf_realm, limits.allocations),
     .help = "Allocations in this realm at a time."},
    {OPTIONS_REALM_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "realm.limits.allocations-per-user",
     .example = "\"10\"", .max = MANY, FIELD(struct conf_realm, limits.allocations_per_user),
     .help = "Allocations of one user of this realm at a time."},
    {OPTIONS_REALM_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "realm.limits.allocations-per-tenant",
     .example = "\"100\"", .max = MANY, FIELD(struct conf_realm, limits.allocations_per_tenant),
     .help = "Allocations of one tenant of this realm at a time."},
    {OPTIONS_REALM_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "realm.limits.permissions-per-allocation",
     .example = "\"64\"", .min = 1, .max = 4096,
     FIELD(struct conf_realm, limits.permissions_per_allocation),
     .help = "As in limits, for this realm."},
    {OPTIONS_REALM_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "realm.limits.channels-per-allocation",
     .example = "\"64\"", .min = 1, .max = 4096,
     FIELD(struct conf_realm, limits.channels_per_allocation),
     .help = "As in limits, for this realm."},
    {OPTIONS_REALM_LIMITS, OPTIONS_BANDWIDTH, OPTIONS_LIVE, "realm.limits.bandwidth-per-allocation",
     .example = "\"1MB/s\"", .max = UINT64_C(1000000000000),
     FIELD(struct conf_realm, limits.bandwidth_per_allocation),
     .help = "As in limits, for this realm."},

    {OPTIONS_REALM_PEERS, OPTIONS_PREFIXES, OPTIONS_LIVE, "realm.peers.allow", .standard = "",
     .example = "{ \"10.2.0.0/16\" }", FIELD(struct conf_realm, peers.allow),
     .help = "Ranges that users of this realm may reach although they are denied by default."},
    {OPTIONS_REALM_PEERS, OPTIONS_PREFIXES, OPTIONS_LIVE, "realm.peers.deny", .standard = "",
     .example = "{ \"10.2.3.4\" }", FIELD(struct conf_realm, peers.deny),
     .help = "Ranges that users of this realm may not reach."},

    {OPTIONS_LISTENER, OPTIONS_NAME, OPTIONS_RESTART, "listener.realm",
     .example = "\"turn.example.org\"", .max = NAME_LONGEST, FIELD(struct conf_listener, realm),
     .help = "Realm that clients are asked for here. Empty: the first one."},
    {OPTIONS_LISTENER, OPTIONS_NAME, OPTIONS_LIVE, "listener.certificate",
     .example = "\"/etc/turnpike/fullchain.pem\"", .max = PATH_LONGEST,
     FIELD(struct conf_listener, certificate),
     .help = "Certificate chain of this listener, in PEM. Empty: that of the tls section."},
    {OPTIONS_LISTENER, OPTIONS_NAME, OPTIONS_LIVE, "listener.key",
     .example = "\"/etc/turnpike/privkey.pem\"", .max = PATH_LONGEST,
     FIELD(struct conf_listener, key), .help = "Private key of this listener, in PEM."},
    {OPTIONS_LISTENER, OPTIONS_YES_NO, OPTIONS_LIVE, "listener.plain", .standard = "no",
     FIELD(struct conf_listener, takes_plain),
     .help = "Whether a tls listener also takes STUN without TLS, which is what libnice, GStreamer "
             "and Janus send to it."},
    {OPTIONS_LISTENER, OPTIONS_PREFIXES, OPTIONS_LIVE, "listener.proxy-from", .standard = "",
     .example = "{ \"10.0.0.0/8\" }", FIELD(struct conf_listener, proxy_from),
     .help = "Load balancers whose PROXY protocol, version 2, is believed. What they send must "
             "begin with it; what others send must not."},
    {OPTIONS_LISTENER, OPTIONS_SERVER, OPTIONS_LIVE, "listener.fallback", .standard = "",
     .example = "\"127.0.0.1:8080\"", FIELD(struct conf_listener, fallback),
     .help = "Web server that gets what comes to a tls listener and is neither STUN nor TURN, "
             "decrypted."},
    {OPTIONS_LISTENER, OPTIONS_TEXTS, OPTIONS_LIVE, "listener.fallback-names", .standard = "",
     .example = "{ \"www.example.org\" }", .min = 1, .max = NAME_LONGEST,
     FIELD(struct conf_listener, fallback_names),
     .help = "Host names for which the fallback gets everything as it comes, still encrypted: it "
             "has the certificate for them."},

    {OPTIONS_RELAY, OPTIONS_ADDRESSES, OPTIONS_LIVE, "relay.addresses", .standard = "",
     .example = "{ \"192.0.2.1\", \"2001:db8::1\" }", FIELD(struct conf, relay_addresses),
     .help = "Addresses of this machine to relay from. None: the address that the client came "
             "to."},
    {OPTIONS_RELAY, OPTIONS_EXTERNALS, OPTIONS_LIVE, "relay.external", .standard = "",
     .example = "{ \"198.51.100.7\" }", FIELD(struct conf, externals),
     .help = "What clients are told instead of the relay address, where a one-to-one NAT stands "
             "before this machine. One address per family, or local=external for each."},
    {OPTIONS_RELAY, OPTIONS_PORTS, OPTIONS_RESTART, "relay.ports", .standard = "49152-65535",
     .min = 1, .max = 65535, FIELD(struct conf, port_min), /* and port_max behind it */
     .help = "Ports to relay from, the first and the last."},
    {OPTIONS_RELAY, OPTIONS_WORD, OPTIONS_LIVE, "relay.family", .standard = "ipv4",
     .words = "ipv4|ipv6|same", FIELD(struct conf, relay_family),
     .help = "Family of the relay address when a client asks for none. same: that of the address "
             "the client came to."},
    {OPTIONS_RELAY, OPTIONS_TEXT, OPTIONS_LATER, "relay.io", .standard = "auto", .max = 16,
     .help = "How datagrams are moved. auto: the best that this machine allows."},
    {OPTIONS_RELAY, OPTIONS_YES_NO, OPTIONS_LIVE, "relay.tcp", .standard = "no",
     FIELD(struct conf, relay_tcp),
     .help = "Whether clients of tcp and tls listeners can reach peers over TCP, RFC 6062."},
    {OPTIONS_RELAY, OPTIONS_WORD, OPTIONS_LIVE, "relay.channels", .standard = "rfc8656",
     .words = "rfc8656|rfc5766", FIELD(struct conf, channels_are_classic),
     .help = "Channel numbers that are taken: 0x4000 to 0x4FFF, or with rfc5766 up to 0x7FFE for "
             "old clients."},
    {OPTIONS_RELAY, OPTIONS_YES_NO, OPTIONS_LIVE, "relay.icmp", .standard = "no",
     FIELD(struct conf, icmp),
     .help = "Whether clients are told of ICMP errors from peers. Some clients end their session "
             "on such a message."},

    {OPTIONS_PEERS, OPTIONS_PREFIXES, OPTIONS_LIVE, "peers.allow", .standard = "",
     .example = "{ \"10.1.0.0/16\" }", FIELD(struct conf, peers.allow),
     .help = "Ranges that may be reached although they are denied by default. An address of this "
             "server, or one where clouds keep credentials, opens only to a rule for it alone."},
    {OPTIONS_PEERS, OPTIONS_PREFIXES, OPTIONS_LIVE, "peers.deny", .standard = "",
     .example = "{ \"203.0.113.0/24\" }", FIELD(struct conf, peers.deny),
     .help = "Ranges that may not be reached."},

    {OPTIONS_LIMITS, OPTIONS_DURATION, OPTIONS_LIVE, "limits.lifetime", .standard = "10m",
     .min = 10 * MINUTE, .max = DAY, FIELD(struct conf, limits.lifetime),
     .help = "Lifetime of an allocation when the client asks for none or for less."},
    {OPTIONS_LIMITS, OPTIONS_DURATION, OPTIONS_LIVE, "limits.max-lifetime", .standard = "1h",
     .min = 10 * MINUTE, .max = DAY, FIELD(struct conf, limits.max_lifetime),
     .help = "Longest lifetime an allocation gets at once. It can be refreshed for ever."},
    {OPTIONS_LIMITS, OPTIONS_DURATION, OPTIONS_LIVE, "limits.permission-lifetime", .standard = "5m",
     .min = 1, .max = HOUR, FIELD(struct conf, limits.permission_lifetime),
     .help = "Lifetime of a permission. Clients count on 5 minutes."},
    {OPTIONS_LIMITS, OPTIONS_DURATION, OPTIONS_LIVE, "limits.channel-lifetime", .standard = "10m",
     .min = 1, .max = HOUR, FIELD(struct conf, limits.channel_lifetime),
     .help = "Lifetime of a channel. Clients count on 10 minutes."},
    {OPTIONS_LIMITS, OPTIONS_DURATION, OPTIONS_LIVE, "limits.nonce-lifetime", .standard = "10m",
     .min = 30, .max = HOUR, FIELD(struct conf, limits.nonce_lifetime),
     .help = "How long a nonce can be used."},
    {OPTIONS_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "limits.allocations", .standard = "0",
     .max = MANY, FIELD(struct conf, limits.allocations),
     .help = "Allocations on this server at a time. 0: no limit."},
    {OPTIONS_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "limits.allocations-per-user", .standard = "0",
     .max = MANY, FIELD(struct conf, limits.allocations_per_user),
     .help = "Allocations of one user at a time; of a time-limited or issued credential the user "
             "part counts. It holds over all servers that share a store. 0: no limit."},
    {OPTIONS_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "limits.allocations-per-tenant", .standard = "0",
     .max = MANY, FIELD(struct conf, limits.allocations_per_tenant),
     .help = "Allocations of one tenant at a time, that is of all users and credentials with its "
             "label, over all servers that share a store. 0: no limit."},
    {OPTIONS_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "limits.permissions-per-allocation",
     .standard = "256", .min = 1, .max = 4096,
     FIELD(struct conf, limits.permissions_per_allocation),
     .help = "Peer addresses one allocation may have permissions for."},
    {OPTIONS_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "limits.channels-per-allocation",
     .standard = "256", .min = 1, .max = 4096, FIELD(struct conf, limits.channels_per_allocation),
     .help = "Channels one allocation may have."},
    {OPTIONS_LIMITS, OPTIONS_BANDWIDTH, OPTIONS_LIVE, "limits.bandwidth-per-allocation",
     .standard = "0", .max = UINT64_C(1000000000000),
     FIELD(struct conf, limits.bandwidth_per_allocation),
     .help =
         "What one allocation may relay in datagrams, both directions together. What is above is "
         "dropped. 0: no limit."},
    {OPTIONS_LIMITS, OPTIONS_RATE, OPTIONS_LIVE, "limits.challenges-per-prefix",
     .standard = "200/s", .max = MANY, FIELD(struct conf, limits.challenges_per_prefix),
     .help = "Requests for credentials that one source, a /24 of IPv4 or a /56 of IPv6, is "
             "sent. 0: no limit."},
    {OPTIONS_LIMITS, OPTIONS_RATE, OPTIONS_LIVE, "limits.bindings-per-prefix", .standard = "2000/s",
     .max = MANY, FIELD(struct conf, limits.bindings_per_prefix),
     .help = "Answers to plain STUN requests that one source is sent. 0: no limit."},
    {OPTIONS_LIMITS, OPTIONS_NUMBER, OPTIONS_LIVE, "limits.connections-per-address",
     .standard = "4096", .max = MANY, FIELD(struct conf, limits.connections_per_address),
     .help = "TCP, TLS and DTLS connections of one source at a time, an IPv4 address or a /64 of "
             "IPv6. 0: no limit."},

    {OPTIONS_TLS, OPTIONS_NAME, OPTIONS_LIVE, "tls.certificate",
     .example = "\"/etc/turnpike/fullchain.pem\"", .max = PATH_LONGEST,
     FIELD(struct conf, certificate),
     .help = "Certificate chain of tls and dtls listeners without their own, in PEM. Read again on "
             "SIGHUP and when the file changes."},
    {OPTIONS_TLS, OPTIONS_NAME, OPTIONS_LIVE, "tls.key", .example = "\"/etc/turnpike/privkey.pem\"",
     .max = PATH_LONGEST, FIELD(struct conf, key),
     .help = "Private key of that certificate, in PEM."},

    {OPTIONS_HTTP, OPTIONS_SERVER, OPTIONS_RESTART, "http.listen", .standard = "",
     .example = "\"127.0.0.1:8080\"", FIELD(struct conf, http_listen),
     .help = "Address and port of the HTTP interface: credentials, sessions, metrics, health. "
             "Beyond loopback it needs a certificate. Empty: there is none."},
    {OPTIONS_HTTP, OPTIONS_NAME, OPTIONS_LIVE, "http.certificate",
     .example = "\"/etc/turnpike/fullchain.pem\"", .max = PATH_LONGEST,
     FIELD(struct conf, http_certificate),
     .help = "Certificate chain of the interface, in PEM: then it is HTTPS."},
    {OPTIONS_HTTP, OPTIONS_NAME, OPTIONS_LIVE, "http.key",
     .example = "\"/etc/turnpike/privkey.pem\"", .max = PATH_LONGEST, FIELD(struct conf, http_key),
     .help = "Private key of the interface, in PEM."},
    {OPTIONS_HTTP, OPTIONS_TEXTS, OPTIONS_LIVE, "http.origins", .standard = "",
     .example = "{ \"https://app.example.org\" }", .min = 1, .max = NAME_LONGEST,
     FIELD(struct conf, http_origins),
     .help = "Origins of web pages whose scripts may use the interface (CORS). None: no pages."},

    {OPTIONS_LOG, OPTIONS_WORD, OPTIONS_LIVE, "log.level", .standard = "info",
     .words = "error|warn|info|debug", FIELD(struct conf, log_level),
     .help = "The least important that is logged. info has one record per session."},
    {OPTIONS_LOG, OPTIONS_WORD, OPTIONS_LIVE, "log.format", .standard = "logfmt",
     .words = "logfmt|json", FIELD(struct conf, log_format),
     .help = "How a record is written, always on one line."},
    {OPTIONS_LOG, OPTIONS_TEXT, OPTIONS_LIVE, "log.to", .standard = "stderr", .min = 1,
     .max = PATH_LONGEST, FIELD(struct conf, log_to),
     .help = "Name of a file, opened anew on SIGUSR1, or stderr."},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

const struct options_row *options_rows(size_t *count)
{
    *count = ROW_COUNT;
    return rows;
}

const struct options_section *options_section(enum options_section_id id)
{
    return &sections[id];
}

const struct options_row *options_next(enum options_section_id section,
                                       const struct options_row *row)
{
    for (size_t i = row ? options_index(row) + 1 : 0; i < ROW_COUNT; i++) {
        if (rows[i].section == section) {
            return &rows[i];
        }
    }
    return NULL;
}

const struct options_section *options_next_section(enum options_section_id parent,
                                                   const struct options_section *behind)
{
    /* The top is its own parent and nobody's child. */
    for (size_t i = behind ? (size_t)behind->id + 1 : OPTIONS_TOP + 1; i < OPTIONS_SECTION_COUNT;
         i++) {
        if (sections[i].parent == parent) {
            return &sections[i];
        }
    }
    return NULL;
}

const struct options_row *options_find(const char *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

size_t options_index(const struct options_row *row)
{
    return (size_t)(row - rows);
}

const char *options_key(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

bool options_is_list(enum options_type type)
{
    return type >= OPTIONS_TEXTS;
}

bool options_is_hidden(enum options_type type)
{
    return type == OPTIONS_PASSWORD || type == OPTIONS_KEY || type == OPTIONS_SECRETS;
}

const char *options_unit(enum options_type type)
{
    static const char *const units[OPTIONS_TYPE_COUNT] = {
        [OPTIONS_TEXT] = "a text",
        [OPTIONS_NAME] = "a name",
        [OPTIONS_URL] = "a kind of store, and where it is",
        [OPTIONS_PASSWORD] = "a password, or file:NAME",
        [OPTIONS_KEY] = "32 hex digits",
        [OPTIONS_YES_NO] = "yes or no",
        [OPTIONS_WORD] = "a word",
        [OPTIONS_NUMBER] = "a whole number",
        [OPTIONS_DURATION] = "a time like 90s, 10m, 24h or 7d",
        [OPTIONS_RATE] = "a number per second like 200/s",
        [OPTIONS_BANDWIDTH] = "an amount per second like 500kB/s, 5MB/s or 40Mbit/s",
        [OPTIONS_PORTS] = "a range of ports like 49152-65535",
        [OPTIONS_SERVER] = "an IP address with a port like 127.0.0.1:8080 or [::1]:8080",
        [OPTIONS_TEXTS] = "a text",
        [OPTIONS_SECRETS] = "a secret, or file:NAME",
        [OPTIONS_ENDPOINTS] = "kind:address:port like udp:*:3478 or tls:[2001:db8::1]:5349",
        [OPTIONS_ADDRESSES] = "an IP address without a port",
        [OPTIONS_SERVERS] = "an IP address, with or without a port",
        [OPTIONS_EXTERNALS] = "an IP address like 198.51.100.7, or 10.0.0.5=198.51.100.7",
        [OPTIONS_PREFIXES] = "an IP address or a range like 10.1.0.0/16 or 2001:db8::/32",
    };
    return units[type];
}

/* least — the smallest of three. */
static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

unsigned options_distance(const char *a, const char *b)
{
    /* Optimal string alignment; line[i % 3] holds the costs of the first i letters of a. */
    unsigned line[3][OPTIONS_FAR + 1];
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > OPTIONS_FAR || b_size > OPTIONS_FAR) {
        return OPTIONS_FAR;
    }
    for (unsigned j = 0; j <= b_size; j++) {
        line[0][j] = j;
    }
    for (unsigned i = 1; i <= a_size; i++) {
        unsigned *here = line[i % 3];
        const unsigned *above = line[(i - 1) % 3];
        here[0] = i;
        for (unsigned j = 1; j <= b_size; j++) {
            unsigned change = a[i - 1] == b[j - 1] ? 0 : 1;
            here[j] = least(above[j] + 1, here[j - 1] + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                unsigned swapped = line[(i - 2) % 3][j - 2] + 1;
                here[j] = swapped < here[j] ? swapped : here[j];
            }
        }
    }
    return line[a_size % 3][b_size];
}

const char *options_suggest(enum options_section_id section, const char *word)
{
    const char *best = NULL;
    unsigned limit = 1 + (unsigned)strlen(word) / 4; /* letters that may differ */
    for (const struct options_row *r = NULL; (r = options_next(section, r));) {
        unsigned distance = options_distance(word, options_key(r->name));
        if (distance <= limit) {
            limit = distance - (distance > 0);
            best = options_key(r->name);
        }
    }
    for (const struct options_section *s = NULL; (s = options_next_section(section, s));) {
        unsigned distance = options_distance(word, options_key(s->name));
        if (distance <= limit) {
            limit = distance - (distance > 0);
            best = options_key(s->name);
        }
    }
    return best;
}

const char *options_elsewhere(enum options_section_id section, const char *word)
{
    const char *best = NULL;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct options_row *r = &rows[i];
        if (r->section == section || strcmp(options_key(r->name), word) != 0) {
            continue;
        }
        if (sections[r->section].parent == section && section != OPTIONS_TOP) {
            return r->name;
        }
        if (!best || strlen(r->name) < strlen(best)) {
            best = r->name;
        }
    }
    return best;
}
