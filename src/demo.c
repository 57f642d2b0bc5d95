/* demo — a server with a secret made up on the spot. */
/* SPDX-License-Identifier: MIT */
#include "demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/text.h"
#include "net/addresses.h"
#include "net/clock.h"
#include "net/digest_openssl.h"
#include "net/entropy_os.h"
#include "net/privilege.h"
#include "store/roster.h"
#include "server.h"

enum {
    SETS_MAX = 64,
    ADDRESSES_MAX = 64,
    SECRET_SIZE = 24, /* bytes, 32 characters */
    LIFETIME = 86400, /* seconds a credential of the demonstration lives */
};

struct demo {
    char secret[SECRET_SIZE * 2];
    char user[64];
    char password[48];
};

/* rank — how well an address serves to show: IPv4 before IPv6, loopback last. */
static int rank(const struct netaddr *a)
{
    if (a->family == NETADDR_IPV4) {
        return netaddr_is_loopback(a) ? 1 : 4;
    }
    return netaddr_is_loopback(a) || netaddr_is_link_local(a) ? 0 : 2;
}

static void make_credential(struct demo *d)
{
    uint8_t bytes[SECRET_SIZE];
    const struct entropy *entropy = entropy_os();
    struct digest *digest = digest_openssl_new();
    entropy->fill(entropy->context, bytes, sizeof(bytes));
    d->secret[base64_put(bytes, sizeof(bytes), d->secret)] = '\0';
    snprintf(d->user, sizeof(d->user), "%lld:demo", (long long)clock_now().wall.s + LIFETIME);
    if (digest) {
        roster_password(digest, ROSTER_SHA1, span_of_text(d->secret), span_of_text(d->user),
                        d->password);
    }
    digest_openssl_free(digest);
}

/* host_text — an address as a URI has it. */
static void host_text(const struct netaddr *a, char *out, size_t room)
{
    struct text t = text_init(out, room);
    if (a->family == NETADDR_IPV6) {
        text_char(&t, '[');
    }
    text_host(&t, a);
    if (a->family == NETADDR_IPV6) {
        text_char(&t, ']');
    }
}

static void show(void *context, const struct netaddr *listening, bool has_tcp)
{
    const struct demo *d = context;
    struct netaddr all[ADDRESSES_MAX];
    char host[TEXT_NETADDR_SIZE];
    size_t count = addresses_list(all, ADDRESSES_MAX);
    size_t best = 0;
    if (!netaddr_is_any(listening)) {
        all[0] = *listening;
        count = 1;
    }
    printf("\nturnpike serves STUN and TURN over UDP%s on port %u of\n", has_tcp ? " and TCP" : "",
           listening->port);
    for (size_t i = 0; i < count; i++) {
        host_text(&all[i], host, sizeof(host));
        if (rank(&all[i]) > 0) {
            printf("    %s\n", host);
        }
        best = rank(&all[i]) > rank(&all[best]) ? i : best;
    }
    if (count > 0) {
        host_text(&all[best], host, sizeof(host));
    } else {
        snprintf(host, sizeof(host), "127.0.0.1");
    }
    printf("\nFor a web page, good for a day:\n\n"
           "    {\"iceServers\": [{\"urls\": [\"turn:%s:%u?transport=udp\"%s",
           host, listening->port, has_tcp ? "," : "],\n");
    if (has_tcp) {
        printf("\n        \"turn:%s:%u?transport=tcp\"],\n", host, listening->port);
    }
    printf("        \"username\": \"%s\", \"credential\": \"%s\"}]}\n", d->user, d->password);
    printf("\nTo check it, from a second shell:\n\n"
           "    src/turnpike-probe check 'turn:%s:%u?transport=udp' --user '%s' "
           "--password '%s'\n\n"
           "Stop it with Control-C. etc/turnpike.conf is where a server of your own begins.\n\n",
           host, listening->port, d->user, d->password);
    fflush(stdout);
}

int demo_main(const char *const *set, size_t set_count)
{
    struct demo d = {.secret = ""};
    char text[256];
    const char *all[SETS_MAX];
    size_t count = 0;
    make_credential(&d);
    snprintf(text, sizeof(text),
             "realm \"turnpike\" { secret = { \"%s\" } }\n%s"
             "listen = { \"udp:*:3478\", \"tcp:*:3478\" }\n"
             "log { level = \"info\" }",
             d.secret,
             geteuid() == 0 && privilege_user_exists("nobody") ? "run-as = \"nobody\"\n" : "");
    all[count++] = text;
    for (size_t i = 0; i < set_count && count < SETS_MAX; i++) {
        all[count++] = set[i];
    }
    struct server_arguments arguments = {
        .set = all,
        .set_count = count,
        .when_ready = show,
        .context = &d,
    };
    return server_main(&arguments);
}
