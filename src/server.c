/* server — the process: start, signals, reload, drain, stop.
 *
 * start: conf -> probing binds -> log -> snapshot -> workers with their sockets -> privileges
 * dropped -> threads -> ready. Whatever fails before the threads is one sentence and exit 1. */
/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/text.h"
#include "net/acceptor.h"
#include "net/addresses.h"
#include "net/clock.h"
#include "net/entropy_os.h"
#include "net/heap.h"
#include "net/notify.h"
#include "net/privilege.h"
#include "net/steer.h"
#include "net/tls.h"
#include "conf.h"
#include "conf_value.h"
#include "counters.h"
#include "front.h"
#include "snapshot.h"

enum {
    WHY_MAX = 1024,
    FILES_SPARE = 64, /* descriptors that are no relay endpoints */
    SIGNALS = 5,
    SECONDS_PER_DAY = 86400,
};

struct server {
    const struct server_arguments *arguments;
    struct conf *conf;
    struct conf *started; /* what it was started with: the same until a reload */
    struct log *log;
    struct log_source *source; /* the control thread's */
    struct worker_shared shared;
    struct snapshot *snapshot;
    bool has_backoffice;
    struct backoffice backoffice;
    struct front front;
    uint32_t generation;
    struct snapshot_socket socket[LISTENER_MAX];
    size_t socket_count;
    struct event_base *base;
    struct event *signal[SIGNALS];
    struct event *second, *addresses;
    int address_watch;
    struct netaddr machine[OWN_HOSTS_MAX + 1]; /* addresses as seen last */
    size_t machine_count;
    struct netaddr guarded[STORE_ADDRESSES_MAX]; /* of the store, as seen last */
    size_t guarded_count;
    uint64_t files;      /* stamp of the certificates' files, as they were read */
    uint64_t files_seen; /* and a second ago */
    uint32_t seconds;    /* since the start */
    uint32_t ended;      /* connections when the heap was trimmed last */
    bool is_draining;
    struct mono drain_until; /* 0: as long as it takes */
    char *why;               /* WHY_MAX bytes of the starter's */
};

static bool fail(struct server *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct server *s, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(s->why, WHY_MAX, format, values);
    va_end(values);
    return false;
}

/* Start. */

/* kinds — the transports of a socket, for messages. */
static const char *kinds(const struct snapshot_socket *at)
{
    if (at->plain && at->secure) {
        return at->is_stream ? "tcp and tls" : "udp and dtls";
    }
    return conf_value_transport(snapshot_listener(at)->transport);
}

static bool fail_bind(struct server *s, const struct snapshot_socket *at, int error)
{
    char text[TEXT_NETADDR_SIZE];
    struct text t = text_init(text, sizeof(text));
    const struct conf_listener *l = snapshot_listener(at);
    text_netaddr(&t, &at->address);
    const char *what = error == EADDRINUSE ? "another program has this port; stop it or listen "
                                             "elsewhere"
                       : error == EADDRNOTAVAIL
                           ? "this machine has no such address; see `ip address`"
                       : error == EACCES ? "ports below 1024 need root or CAP_NET_BIND_SERVICE"
                                         : strerror(error);
    if (l->line > 0) {
        return fail(s, "%s:%d: cannot listen on %s %s: %s", l->file, l->line, kinds(at), text,
                    what);
    }
    return fail(s, "cannot listen on %s %s: %s", kinds(at), text, what);
}

/* bind_socket — `is_probe`: without sharing, to learn whether the port is free. */
static int bind_socket(const struct snapshot_socket *at, bool is_probe)
{
    return at->is_stream ? acceptor_bind(&at->address, !is_probe)
                         : listener_bind(&at->address, is_probe);
}

/* probe_sockets — bind each address once without sharing it: a second server on the same port must
 * not go unseen. A family the machine lacks is left out of "*". */
static bool probe_sockets(struct server *s)
{
    size_t kept = 0;
    s->socket_count = snapshot_sockets(s->conf, s->socket, LISTENER_MAX);
    if (s->socket_count > LISTENER_MAX) {
        s->socket_count = LISTENER_MAX;
        return fail(s, "listen: more than %d addresses; use udp:*:PORT", LISTENER_MAX);
    }
    for (size_t i = 0; i < s->socket_count; i++) {
        int fd = bind_socket(&s->socket[i], true);
        if (fd >= 0) {
            close(fd);
        } else if (s->socket[i].may_lack && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)) {
            free(s->socket[i].realm);
            s->socket[i].realm = NULL;
            continue;
        } else {
            return fail_bind(s, &s->socket[i], -fd);
        }
        if (kept != i) {
            s->socket[kept] = s->socket[i];
            s->socket[i].realm = NULL; /* moved */
        }
        kept++;
    }
    s->socket_count = kept;
    return kept > 0 || fail(s, "listen: there is no address to listen on");
}

/* probe_relay — see that configured relay addresses are this machine's; false with a sentence in
 * the WHY_MAX bytes at `why`. */
static bool probe_relay(const struct conf *c, char *why)
{
    for (size_t i = 0; i < c->relay_address_count; i++) {
        struct netaddr at = c->relay_addresses[i];
        char text[TEXT_NETADDR_SIZE];
        struct text t = text_init(text, sizeof(text));
        int fd = listener_bind(&at, true);
        if (fd < 0) {
            text_host(&t, &at);
            snprintf(why, WHY_MAX, "%s: cannot relay from %s: %s", conf_place(c, "relay.addresses"),
                     text,
                     fd == -EADDRNOTAVAIL
                         ? "this machine has no such address; what clients should be told instead "
                           "belongs into `external`"
                         : strerror(-fd));
            return false;
        }
        close(fd);
    }
    return true;
}

static unsigned worker_count(const struct conf *c)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t count = c->workers ? c->workers : cores > 0 ? (uint32_t)cores : 1;
    return count < WORKER_MAX ? count : WORKER_MAX;
}

static void *map_zeroes(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* make_shared — what the workers share. Room for as many allocations per worker as there can be
 * descriptors: address space only, memory follows use. */
static bool make_shared(struct server *s, size_t files)
{
    enum { CAPACITY_MAX = 1 << 20, CAPACITY_MIN = 1024, CELLS_PER_ALLOCATION = 4 };
    struct worker_shared *w = &s->shared;
    const struct entropy *entropy = entropy_os();
    size_t cells = QUOTA_WINDOW;
    w->count = worker_count(s->conf);
    w->capacity = files > CAPACITY_MAX ? CAPACITY_MAX : (uint32_t)files;
    w->capacity = w->capacity < CAPACITY_MIN ? CAPACITY_MIN : w->capacity;
    w->connections = w->capacity * 2; /* sessions of DTLS have no descriptor */
    while (cells < (size_t)w->capacity * CELLS_PER_ALLOCATION) {
        cells *= 2;
    }
    w->quota.cell = map_zeroes(cells * sizeof(*w->quota.cell));
    w->quota.mask = cells - 1;
    w->limiter = map_zeroes(sizeof(*w->limiter));
    w->ports = ports_new(s->conf->port_min, s->conf->port_max);
    if (!w->quota.cell || !w->limiter || !w->ports) {
        return fail(s, "out of memory");
    }
    entropy->fill(entropy->context, &w->limiter->key, sizeof(w->limiter->key));
    entropy->fill(entropy->context, &w->nonce_key, sizeof(w->nonce_key));
    entropy->fill(entropy->context, &w->account_key, sizeof(w->account_key));
    entropy->fill(entropy->context, &w->boot, sizeof(w->boot));
    entropy->fill(entropy->context, w->cookie_key, sizeof(w->cookie_key));
    return true;
}

static void free_shared(struct server *s)
{
    struct worker_shared *w = &s->shared;
    for (unsigned i = 0; i < w->count; i++) {
        worker_free(w->worker[i]);
    }
    ports_free(w->ports);
    if (w->limiter) {
        munmap(w->limiter, sizeof(*w->limiter));
    }
    if (w->quota.cell) {
        munmap((void *)(uintptr_t)w->quota.cell, (w->quota.mask + 1) * sizeof(*w->quota.cell));
    }
}

/* bind_all — every worker's socket on every address, worker after worker: that order is the
 * kernel's numbering of the sockets that share a port, and the steering counts on it. */
static bool bind_all(struct server *s)
{
    struct worker_shared *w = &s->shared;
    w->is_steered = w->count > 1;
    for (unsigned i = 0; i < w->count; i++) {
        for (size_t j = 0; j < s->socket_count; j++) {
            const struct snapshot_socket *at = &s->socket[j];
            const struct netaddr *address = &at->address;
            int fd = bind_socket(at, false);
            if (fd < 0) {
                return fail_bind(s, at, -fd);
            }
            if (!worker_listen(w->worker[i], fd, address, at->is_stream)) {
                return fail(s, "out of memory");
            }
            if (i == w->count - 1 && w->is_steered && !at->is_stream) {
                w->is_steered = steer_attach(fd, (enum netaddr_family)address->family, w->count);
            }
        }
    }
    return true;
}

static bool make_workers(struct server *s)
{
    struct worker_shared *w = &s->shared;
    for (unsigned i = 0; i < w->count; i++) {
        struct log_source *source = log_source_new(s->log);
        if (source) {
            w->worker[i] = worker_new(w, i, snapshot_view(s->snapshot), source);
        }
        if (!w->worker[i]) {
            return fail(s, "cannot make worker %u: out of memory or descriptors", i);
        }
    }
    return bind_all(s);
}

static bool open_log(struct server *s)
{
    char why[WHY_MAX / 2];
    s->log = log_open(s->conf->log_to, (enum log_format)s->conf->log_format,
                      (enum log_level)s->conf->log_level, why, sizeof(why));
    if (!s->log) {
        return fail(s, "%s: %s", conf_place(s->conf, "log.to"), why);
    }
    s->source = log_source_new(s->log);
    return s->source || fail(s, "out of memory");
}

static bool check_user(struct server *s)
{
    const char *user = s->conf->run_as;
    if (!user || geteuid() != 0 || privilege_user_exists(user)) {
        return true;
    }
    return fail(s,
                "%s: there is no user \"%s\" on this machine: make one with `useradd --system "
                "%s`, or name another",
                conf_place(s->conf, "run-as"), user, user);
}

/* make_snapshot — a snapshot of a conf; NULL with a sentence in the WHY_MAX bytes at `why`. */
static struct snapshot *make_snapshot(struct server *s, const struct conf *c,
                                      bool keeps_certificates, char *why)
{
    struct snapshot_parts parts = {
        .conf = c,
        .ports = s->shared.ports,
        .sockets = s->socket,
        .socket_count = s->socket_count,
        .before = s->snapshot,
        .generation = ++s->generation,
        .keeps_certificates = keeps_certificates,
        .guarded = s->guarded,
        .guarded_count = s->guarded_count,
        .mirror = s->backoffice.mirror,
        .deck = s->backoffice.deck,
    };
    return snapshot_new(&parts, why, WHY_MAX);
}

static void sum_counters(void *context, struct worker_counts *sum)
{
    struct server *s = context;
    counters_sum(&s->shared, sum);
}

/* open_office — the store, and who may ask for what is in it. */
static bool open_office(struct server *s)
{
    const struct settings *settings = snapshot_settings(s->snapshot);
    if (!s->has_backoffice) {
        return true;
    }
    if (!backoffice_open(&s->backoffice, s->conf, settings, s->why, WHY_MAX) ||
        !front_open(&s->front, &s->backoffice, s->conf, sum_counters, s, s->why, WHY_MAX)) {
        return false;
    }
    front_show(&s->front, s->conf, s->snapshot);
    return true;
}

static bool prepare(struct server *s)
{
    const struct server_arguments *a = s->arguments;
    size_t files = privilege_raise_files();
    s->conf = conf_read(a->file, a->set, a->set_count, s->why, WHY_MAX);
    s->started = s->conf;
    s->front.fd = -1;
    if (!s->conf || !check_user(s) || !probe_sockets(s) ||
        !front_bind(&s->front, s->conf, s->why, WHY_MAX) || !probe_relay(s->conf, s->why) ||
        !open_log(s) || !make_shared(s, files)) {
        return false;
    }
    s->base = event_base_new();
    s->has_backoffice = backoffice_is_needed(s->conf);
    if (!s->base || (s->has_backoffice && !backoffice_prepare(&s->backoffice, s->base, &s->shared,
                                                              s->conf, s->source))) {
        return fail(s, "out of memory or descriptors");
    }
    s->snapshot = make_snapshot(s, s->conf, false, s->why);
    if (s->snapshot && s->conf->run_as) {
        log_give(s->log, s->conf->run_as);
    }
    return s->snapshot && make_workers(s) && privilege_drop(s->conf->run_as, s->why, WHY_MAX) &&
           open_office(s) && (log_start(s->log) || fail(s, "cannot start the log thread"));
}

/* Running. */

static void say(struct server *s, enum log_level level, const char *message, const char *name,
                const char *value)
{
    struct log_line line;
    log_line_begin(&line, level, message);
    if (name) {
        log_line_string(&line, name, value);
    }
    log_put(s->source, &line);
}

/* say_uncovered — the names that clients are given and a certificate is not for. */
static void say_uncovered(struct server *s, const struct snapshot_certificate *at)
{
    struct log_line line;
    for (size_t i = 0; i < s->conf->names.count; i++) {
        if (!tls_covers(at->tls, s->conf->names.at[i])) {
            log_line_begin(&line, LOG_LEVEL_WARN, "certificate_lacks_name");
            log_line_string(&line, "certificate", at->certificate);
            log_line_string(&line, "name", s->conf->names.at[i]);
            log_line_string(&line, "why", "clients that are given this name will refuse it");
            log_put(s->source, &line);
        }
    }
}

/* say_certificates — what is wrong, or soon will be, with those in use. */
static void say_certificates(struct server *s)
{
    enum { SOON = 14, DAY = 86400 };
    size_t count;
    struct log_line line;
    const struct snapshot_certificate *at = snapshot_certificates(s->snapshot, &count);
    for (size_t i = 0; i < count; i++) {
        int64_t left = (int64_t)tls_expires(at[i].tls) - clock_now().wall.s;
        say_uncovered(s, &at[i]);
        if (left < (int64_t)SOON * DAY) {
            log_line_begin(&line, LOG_LEVEL_WARN,
                           left < 0 ? "certificate_expired" : "certificate_expires");
            log_line_string(&line, "certificate", at[i].certificate);
            log_line_u64(&line, "days", left < 0 ? 0 : (uint64_t)left / DAY);
            log_put(s->source, &line);
        }
        if (access(at[i].key, R_OK) != 0) {
            log_line_begin(&line, LOG_LEVEL_WARN, "key_cannot_be_read_again");
            log_line_string(&line, "key", at[i].key);
            log_line_string(&line, "why",
                            "the user that the server runs as may not read it: a new "
                            "certificate will need a restart");
            log_put(s->source, &line);
        }
    }
}

static void say_ready(struct server *s, size_t files)
{
    struct log_line line;
    for (size_t i = 0; i < s->socket_count; i++) {
        log_line_begin(&line, LOG_LEVEL_INFO, "listening");
        log_line_string(&line, "transport", kinds(&s->socket[i]));
        log_line_addr(&line, "address", &s->socket[i].address);
        log_put(s->source, &line);
    }
    if (s->conf->realm_count == 0) {
        say(s, LOG_LEVEL_WARN, "stun_only", "why", "no realm is configured, so nobody can relay");
    }
    say_certificates(s);
    if (geteuid() == 0) {
        say(s, LOG_LEVEL_WARN, "running_as_root", "why", "set run-as to a user of its own");
    }
    size_t spare = FILES_SPARE + (size_t)s->shared.count * (s->socket_count + 4);
    log_line_begin(&line, LOG_LEVEL_INFO, "ready");
    log_line_string(&line, "version", PACKAGE_VERSION);
    log_line_u64(&line, "workers", s->shared.count);
    log_line_string(&line, "steering", s->shared.is_steered ? "bpf" : "kernel");
    log_line_string(&line, "io", backend_sockets()->name);
    log_line_u64(&line, "allocations_possible", files > spare ? files - spare : 0);
    log_put(s->source, &line);
}

/* note_addresses — see whether the machine's addresses differ from those seen last. */
static bool note_addresses(struct server *s)
{
    struct netaddr now[OWN_HOSTS_MAX + 1];
    size_t count = addresses_list(now, OWN_HOSTS_MAX + 1);
    if (count == s->machine_count && memcmp(now, s->machine, count * sizeof(*now)) == 0) {
        return false;
    }
    memcpy(s->machine, now, count * sizeof(*now));
    s->machine_count = count;
    return true;
}

/* put_in_force — have all workers use another snapshot, then forget the old one. */
static void put_in_force(struct server *s, const struct conf *conf, struct snapshot *fresh)
{
    for (unsigned i = 0; i < s->shared.count; i++) {
        worker_reload(s->shared.worker[i], snapshot_view(fresh));
    }
    struct snapshot *old = s->snapshot;
    s->snapshot = fresh;
    if (s->has_backoffice) {
        front_show(&s->front, conf, fresh);
    }
    snapshot_free(old);
}

/* stamp_of — what changes when a file does. */
static uint64_t stamp_of(const char *file)
{
    struct stat st;
    if (stat(file, &st) != 0) {
        return 0;
    }
    return (uint64_t)st.st_mtim.tv_sec * MONO_SECOND + (uint64_t)st.st_mtim.tv_nsec +
           (uint64_t)st.st_ino * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)st.st_size;
}

static uint64_t stamp_of_files(const struct server *s)
{
    size_t count;
    uint64_t stamp = 0;
    const struct snapshot_certificate *at = snapshot_certificates(s->snapshot, &count);
    for (size_t i = 0; i < count; i++) {
        stamp = stamp * 31 + stamp_of(at[i].certificate) * 7 + stamp_of(at[i].key);
    }
    if (s->conf->http_certificate) {
        stamp += stamp_of(s->conf->http_certificate) * 3 + stamp_of(s->conf->http_key) * 5;
    }
    return stamp;
}

/* watch_files — those of the certificates in force, as they are now. */
static void watch_files(struct server *s)
{
    s->files = stamp_of_files(s);
    s->files_seen = s->files;
}

/* renew_front — the certificate of the HTTP interface, too. */
static void renew_front(struct server *s)
{
    char why[WHY_MAX];
    if (!front_renew(&s->front, s->conf, why, sizeof(why))) {
        say(s, LOG_LEVEL_ERROR, "certificate_not_reloaded", "why", why);
    }
}

/* look_at_files — read certificates again that have changed, once they have stayed the same for a
 * second: certificate and key are two files. */
static void look_at_files(struct server *s)
{
    char why[WHY_MAX];
    uint64_t stamp = stamp_of_files(s);
    bool is_settled = stamp == s->files_seen;
    s->files_seen = stamp;
    if (stamp == s->files || !is_settled) {
        return;
    }
    s->files = stamp;
    struct snapshot *fresh = make_snapshot(s, s->conf, false, why);
    if (!fresh) {
        say(s, LOG_LEVEL_ERROR, "certificate_not_reloaded", "why", why);
        return;
    }
    put_in_force(s, s->conf, fresh);
    renew_front(s);
    say_certificates(s);
    say(s, LOG_LEVEL_INFO, "certificate_reloaded", NULL, NULL);
}

static void on_reload(evutil_socket_t fd, short what, void *argument)
{
    struct server *s = argument;
    const struct server_arguments *a = s->arguments;
    char why[WHY_MAX];
    char state[64];
    (void)fd;
    (void)what;
    snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)(clock_now().mono.ns / 1000));
    notify_send(state);
    struct conf *fresh = conf_read(a->file, a->set, a->set_count, why, sizeof(why));
    struct snapshot *snapshot = NULL;
    if (fresh && probe_relay(fresh, why)) {
        snapshot = make_snapshot(s, fresh, false, why);
    }
    if (!snapshot) {
        conf_free(fresh);
        say(s, LOG_LEVEL_ERROR, "reload_refused", "why", why);
        notify_send("READY=1");
        return;
    }
    const char *restart = conf_restart_needed(s->started, fresh);
    if (restart) {
        say(s, LOG_LEVEL_WARN, "restart_needed", "option", restart);
    }
    put_in_force(s, fresh, snapshot);
    log_set(s->log, (enum log_format)fresh->log_format, (enum log_level)fresh->log_level);
    if (s->conf != s->started) {
        conf_free(s->conf);
    }
    s->conf = fresh;
    if (s->has_backoffice && !backoffice_follow(&s->backoffice, snapshot_settings(snapshot))) {
        say(s, LOG_LEVEL_ERROR, "store_not_followed", "why", "out of memory");
    }
    renew_front(s);
    watch_files(s);
    say_certificates(s);
    say(s, LOG_LEVEL_INFO, "reloaded", NULL, NULL);
    notify_send("READY=1");
}

static void on_addresses(evutil_socket_t fd, short what, void *argument)
{
    struct server *s = argument;
    char why[WHY_MAX];
    (void)what;
    addresses_drain(fd);
    if (!note_addresses(s)) {
        return; /* a lifetime was prolonged, or what came has gone again */
    }
    struct snapshot *fresh = make_snapshot(s, s->conf, true, why);
    if (!fresh) {
        say(s, LOG_LEVEL_ERROR, "addresses_not_followed", "why", why);
        return;
    }
    put_in_force(s, s->conf, fresh);
    say(s, LOG_LEVEL_DEBUG, "addresses_changed", NULL, NULL);
}

/* look_at_store — keep clients from wherever it is now. */
static void look_at_store(struct server *s)
{
    struct netaddr now[STORE_ADDRESSES_MAX];
    char why[WHY_MAX];
    size_t count =
        s->has_backoffice ? store_addresses(s->backoffice.store, now, STORE_ADDRESSES_MAX) : 0;
    /* While it is away it is guarded where it was. */
    if (count == 0 ||
        (count == s->guarded_count && memcmp(now, s->guarded, count * sizeof(*now)) == 0)) {
        return;
    }
    memcpy(s->guarded, now, count * sizeof(*now));
    s->guarded_count = count;
    struct snapshot *fresh = make_snapshot(s, s->conf, true, why);
    if (fresh) {
        put_in_force(s, s->conf, fresh);
    } else {
        say(s, LOG_LEVEL_ERROR, "store_not_guarded", "why", why);
    }
}

static uint32_t live_allocations(const struct server *s)
{
    uint32_t live = 0;
    for (unsigned i = 0; i < s->shared.count; i++) {
        live += worker_live(s->shared.worker[i]);
    }
    return live;
}

/* tidy_heap — every few seconds, when many connections have ended. */
static void tidy_heap(struct server *s)
{
    enum { EVERY = 5, MANY = 256 };
    uint32_t ended = atomic_load_explicit(&s->shared.ended, memory_order_relaxed);
    if (s->seconds % EVERY == 0 && ended - s->ended >= MANY) {
        s->ended = ended;
        heap_trim();
    }
}

static void on_second(evutil_socket_t fd, short what, void *argument)
{
    struct server *s = argument;
    struct mono now = clock_now().mono;
    (void)fd;
    (void)what;
    ports_expire(s->shared.ports, now);
    look_at_files(s);
    if (++s->seconds % SECONDS_PER_DAY == 0) {
        say_certificates(s);
    }
    tidy_heap(s);
    backoffice_tick(&s->backoffice);
    look_at_store(s);
    front_tick(&s->front);
    bool is_late = s->drain_until.ns != 0 && !mono_is_before(now, s->drain_until);
    if (s->is_draining && (is_late || live_allocations(s) == 0)) {
        say(s, LOG_LEVEL_INFO, "drained", NULL, NULL);
        event_base_loopbreak(s->base);
    }
}

static void on_drain(evutil_socket_t fd, short what, void *argument)
{
    struct server *s = argument;
    (void)fd;
    (void)what;
    if (s->is_draining) {
        return;
    }
    s->is_draining = true;
    s->backoffice.is_draining = true;
    if (s->conf->drain_timeout > 0) {
        s->drain_until = mono_add_s(clock_now().mono, s->conf->drain_timeout);
    }
    for (unsigned i = 0; i < s->shared.count; i++) {
        worker_drain(s->shared.worker[i]);
    }
    struct log_line line;
    log_line_begin(&line, LOG_LEVEL_INFO, "draining");
    log_line_u64(&line, "allocations", live_allocations(s));
    log_put(s->source, &line);
    notify_send("STATUS=draining");
}

static void on_reopen(evutil_socket_t fd, short what, void *argument)
{
    struct server *s = argument;
    (void)fd;
    (void)what;
    log_reopen(s->log);
}

static void on_stop(evutil_socket_t fd, short what, void *argument)
{
    struct server *s = argument;
    (void)fd;
    (void)what;
    event_base_loopbreak(s->base);
}

static bool make_events(struct server *s)
{
    static const struct {
        int number;
        event_callback_fn run;
    } signals[SIGNALS] = {
        {SIGTERM, on_stop},   {SIGINT, on_stop},   {SIGHUP, on_reload},
        {SIGUSR1, on_reopen}, {SIGUSR2, on_drain},
    };
    static const struct timeval second = {1, 0};
    for (int i = 0; i < SIGNALS; i++) {
        s->signal[i] = evsignal_new(s->base, signals[i].number, signals[i].run, s);
        if (!s->signal[i] || event_add(s->signal[i], NULL) != 0) {
            return fail(s, "cannot handle signals");
        }
    }
    s->second = event_new(s->base, -1, EV_PERSIST, on_second, s);
    if (!s->second || event_add(s->second, &second) != 0) {
        return fail(s, "cannot make a timer");
    }
    s->address_watch = addresses_watch();
    note_addresses(s);
    if (s->address_watch >= 0) {
        s->addresses = event_new(s->base, s->address_watch, EV_READ | EV_PERSIST, on_addresses, s);
        if (s->addresses) {
            event_add(s->addresses, NULL);
        }
    }
    return true;
}

static void free_events(struct server *s)
{
    for (int i = 0; i < SIGNALS; i++) {
        if (s->signal[i]) {
            event_free(s->signal[i]);
        }
    }
    if (s->second) {
        event_free(s->second);
    }
    if (s->addresses) {
        event_free(s->addresses);
        close(s->address_watch);
    }
}

/* ignore_signals — but for TERM and INT, which end what is left at once. */
static void ignore_signals(void)
{
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
}

/* start_workers — their threads take no signals: those are the control thread's. */
static bool start_workers(struct server *s)
{
    sigset_t all;
    sigset_t old;
    bool ok = true;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    for (unsigned i = 0; ok && i < s->shared.count; i++) {
        ok = worker_start(s->shared.worker[i]);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return ok || fail(s, "cannot start threads");
}

/* has_tcp — whether the first address is listened on over TCP, too. */
static bool has_tcp(const struct server *s)
{
    for (size_t i = 0; i < s->socket_count; i++) {
        const struct snapshot_socket *at = &s->socket[i];
        if (at->is_stream && at->plain && netaddr_is_equal(&at->address, &s->socket[0].address)) {
            return true;
        }
    }
    return false;
}

static void serve(struct server *s)
{
    watch_files(s);
    say_ready(s, privilege_raise_files());
    notify_send("READY=1");
    if (s->arguments->when_ready) {
        s->arguments->when_ready(s->arguments->context, &s->socket[0].address, has_tcp(s));
    }
    event_base_loop(s->base, 0);
    notify_send("STOPPING=1");
    for (unsigned i = 0; i < s->shared.count; i++) {
        worker_stop(s->shared.worker[i]);
    }
    counters_say(&s->shared, s->source);
}

int server_main(const struct server_arguments *arguments)
{
    char why[WHY_MAX] = "";
    struct server *s = calloc(1, sizeof(*s));
    if (!s) {
        return 1;
    }
    s->arguments = arguments;
    s->why = why;
    signal(SIGPIPE, SIG_IGN);
    bool ok = prepare(s) && make_events(s) && start_workers(s);
    if (ok) {
        serve(s);
    }
    for (unsigned i = 0; i < s->shared.count; i++) {
        if (s->shared.worker[i]) {
            worker_stop(s->shared.worker[i]);
        }
    }
    free_events(s); /* nothing is reloaded any more while the store gets what is left */
    ignore_signals();
    backoffice_close(&s->backoffice);
    front_close(&s->front);
    if (s->base) {
        event_base_free(s->base);
    }
    free_shared(s);
    snapshot_free(s->snapshot);
    log_close(s->log);
    if (s->conf != s->started) {
        conf_free(s->conf);
    }
    conf_free(s->started);
    snapshot_forget(s->socket, s->socket_count);
    free(s);
    if (!ok) {
        fprintf(stderr, "turnpike: %s\n", why);
    }
    return ok ? 0 : 1;
}
