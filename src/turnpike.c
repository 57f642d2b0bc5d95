/* turnpike — the program: what the command line asks for. */
/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "net/digest_openssl.h"
#include "store/store.h"
#include "conf.h"
#include "demo.h"
#include "options_print.h"
#include "server.h"
#include "snapshot.h"

enum { SETS_MAX = 64, USAGE = 1 };

enum action { ACTION_SERVE, ACTION_CHECK, ACTION_DEMO, ACTION_SAMPLE, ACTION_MAN };

static const struct option flags[] = {
    {"config", required_argument, NULL, 'c'},
    {"set", required_argument, NULL, 's'},
    {"check", no_argument, NULL, 't'},
    {"demo", no_argument, NULL, 'd'},
    {"sample", no_argument, NULL, 'S'},
    {"man-options", no_argument, NULL, 'M'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
    printf("turnpike — a STUN and TURN server\n\n"
           "    turnpike --config FILE [--set TEXT]...   serve, in the foreground\n"
           "    turnpike --check --config FILE           check a configuration, print it in full\n"
           "    turnpike --demo                          serve at once, with a made-up secret\n\n"
           "    --config FILE   read the configuration from FILE\n"
           "    --set TEXT      read TEXT as configuration, after the file; may be repeated\n"
           "    --check         print the effective values and exit; 1 when anything is wrong\n"
           "    --demo          a first look: prints a credential and the line that checks it\n"
           "    --sample        print a configuration with every option explained\n"
           "    --man-options   print the options as a manual page's section\n"
           "    --version       print versions and exit\n"
           "    --help          print this and exit\n\n");
    options_print_help(stdout);
}

/* is_usable — whether a conf becomes a snapshot: what start would refuse, --check refuses. */
static bool is_usable(const struct conf *c, char *why, size_t why_room)
{
    char sentence[256];
    if (!store_is_known(c->store, sentence, sizeof(sentence))) {
        snprintf(why, why_room, "%s: %s", conf_place(c, "store"), sentence);
        return false;
    }
    static struct snapshot_socket sockets[LISTENER_MAX];
    size_t count = snapshot_sockets(c, sockets, LISTENER_MAX);
    struct snapshot_parts parts = {
        .conf = c,
        .ports = ports_new(c->port_min, c->port_max),
        .sockets = sockets,
        .socket_count = count < LISTENER_MAX ? count : LISTENER_MAX,
        .generation = 1,
    };
    struct snapshot *s = parts.ports ? snapshot_new(&parts, why, why_room) : NULL;
    bool ok = s != NULL;
    snapshot_free(s);
    snapshot_forget(sockets, parts.socket_count);
    ports_free(parts.ports);
    return ok;
}

static int check(const struct server_arguments *a)
{
    char why[1024];
    struct conf *c = conf_read(a->file, a->set, a->set_count, why, sizeof(why));
    if (!c) {
        fprintf(stderr, "turnpike: %s\n", why);
        return 1;
    }
    if (!is_usable(c, why, sizeof(why))) {
        fprintf(stderr, "turnpike: %s\n", why);
        conf_free(c);
        return 1;
    }
    conf_print(c);
    conf_free(c);
    return 0;
}

static int usage(const char *why)
{
    fprintf(stderr, "turnpike: %s; see turnpike --help\n", why);
    return USAGE;
}

int main(int argc, char **argv)
{
    const char *sets[SETS_MAX];
    struct server_arguments a = {.set = sets};
    enum action action = ACTION_SERVE;
    int flag;
    while ((flag = getopt_long(argc, argv, "c:hV", flags, NULL)) != -1) {
        switch (flag) {
        case 'c':
            a.file = optarg;
            break;
        case 's':
            if (a.set_count == SETS_MAX) {
                return usage("too many --set");
            }
            sets[a.set_count++] = optarg;
            break;
        case 't':
            action = ACTION_CHECK;
            break;
        case 'd':
            action = ACTION_DEMO;
            break;
        case 'S':
            action = ACTION_SAMPLE;
            break;
        case 'M':
            action = ACTION_MAN;
            break;
        case 'h':
            print_help();
            return 0;
        case 'V':
            printf("turnpike %s\n%s\nlibevent %s\n", PACKAGE_VERSION, digest_openssl_version(),
                   event_get_version());
            return 0;
        default:
            return usage("an option is wrong");
        }
    }
    if (optind < argc) {
        return usage("there is a word too many");
    }
    switch (action) {
    case ACTION_CHECK:
        return check(&a);
    case ACTION_DEMO:
        if (a.file) {
            return usage(
                "--demo has a configuration of its own; --set adds to it, --config does not");
        }
        return demo_main(a.set, a.set_count);
    case ACTION_SAMPLE:
        options_print_sample(stdout);
        return 0;
    case ACTION_MAN:
        options_print_man(stdout);
        return 0;
    default:
        break;
    }
    if (!a.file && a.set_count == 0) {
        return usage("there is no configuration: --config FILE, or --demo for a first look");
    }
    return server_main(&a);
}
