/* libnice_relay — two agents of libnice, allowed nothing but relays, pass data to each other. */
/* SPDX-License-Identifier: MIT */
/* Usage: libnice_relay SERVER PORT udp|tcp|tls. Prints TAP lines without numbers. */
#include <nice/agent.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COMPONENT = 1,
    PATIENCE = 20, /* seconds, for each step */
    PACKETS = 200,
    TOGETHER = 20, /* packets on their way at a time */
    PACKET_MAX = 1200,
};

struct peer {
    NiceAgent *agent;
    guint stream;
    bool is_gathered;
    bool is_ready;
    bool is_closed;
    bool is_echo;      /* sends back what it gets; the other compares */
    unsigned received; /* by the one that compares, as they were sent */
    bool has_all;      /* of those on their way */
};

static bool is_late;

/* packet — the bytes of the packet of that number. Returns its length. */
static guint packet(unsigned number, char bytes[PACKET_MAX])
{
    guint length = 1 + number * 37 % PACKET_MAX;
    memset(bytes, (int)number, length);
    return length;
}

static void send_packet(struct peer *p, unsigned number)
{
    char bytes[PACKET_MAX];
    guint length = packet(number, bytes);
    nice_agent_send(p->agent, p->stream, COMPONENT, length, bytes);
}

static void on_received(NiceAgent *agent, guint stream, guint component, guint length, char *bytes,
                        gpointer data)
{
    struct peer *p = data;
    char expected[PACKET_MAX];
    if (p->is_echo) {
        nice_agent_send(agent, stream, component, length, bytes);
    } else if (packet(p->received, expected) == length && memcmp(bytes, expected, length) == 0) {
        p->received++;
        p->has_all = p->received % TOGETHER == 0;
    }
}

static void on_gathered(NiceAgent *agent, guint stream, gpointer data)
{
    (void)agent, (void)stream;
    ((struct peer *)data)->is_gathered = true;
}

static void on_state(NiceAgent *agent, guint stream, guint component, guint state, gpointer data)
{
    (void)agent, (void)stream, (void)component;
    ((struct peer *)data)->is_ready = state == NICE_COMPONENT_STATE_READY;
}

/* new_peer — an agent that has begun to gather; see free_peer. */
static struct peer *new_peer(char **server, const char *password, bool is_caller)
{
    NiceRelayType type = strcmp(server[3], "udp") == 0   ? NICE_RELAY_TYPE_TURN_UDP
                         : strcmp(server[3], "tcp") == 0 ? NICE_RELAY_TYPE_TURN_TCP
                                                         : NICE_RELAY_TYPE_TURN_TLS;
    struct peer *p = calloc(1, sizeof(*p));
    if (p == NULL) {
        abort();
    }
    p->is_echo = !is_caller;
    p->agent = nice_agent_new(NULL, NICE_COMPATIBILITY_RFC5245);
    g_object_set(p->agent, "controlling-mode", is_caller, "force-relay", TRUE, "ice-tcp", FALSE,
                 "upnp", FALSE, NULL);
    g_signal_connect(p->agent, "candidate-gathering-done", G_CALLBACK(on_gathered), p);
    g_signal_connect(p->agent, "component-state-changed", G_CALLBACK(on_state), p);
    p->stream = nice_agent_add_stream(p->agent, 1);
    nice_agent_set_relay_info(p->agent, p->stream, COMPONENT, server[1], (guint)atoi(server[2]),
                              "alice", password, type);
    nice_agent_attach_recv(p->agent, p->stream, COMPONENT, NULL, on_received, p);
    nice_agent_gather_candidates(p->agent, p->stream);
    return p;
}

/* relay_count — how many relays an agent has, or -1 when it has anything else. */
static int relay_count(const struct peer *p)
{
    int count = 0;
    GSList *all = nice_agent_get_local_candidates(p->agent, p->stream, COMPONENT);
    for (const GSList *at = all; at != NULL; at = at->next) {
        bool is_relay = ((NiceCandidate *)at->data)->type == NICE_CANDIDATE_TYPE_RELAYED;
        count = is_relay && count >= 0 ? count + 1 : -1;
    }
    g_slist_free_full(all, (GDestroyNotify)nice_candidate_free);
    return count;
}

/* introduce — gives `to` what it must know of `from`. */
static void introduce(const struct peer *from, const struct peer *to)
{
    char *user = NULL;
    char *password = NULL;
    nice_agent_get_local_credentials(from->agent, from->stream, &user, &password);
    nice_agent_set_remote_credentials(to->agent, to->stream, user, password);
    GSList *all = nice_agent_get_local_candidates(from->agent, from->stream, COMPONENT);
    nice_agent_set_remote_candidates(to->agent, to->stream, COMPONENT, all);
    g_slist_free_full(all, (GDestroyNotify)nice_candidate_free);
    g_free(user);
    g_free(password);
}

static bool is_relayed(const struct peer *p)
{
    NiceCandidate *local = NULL;
    NiceCandidate *remote = NULL;
    return nice_agent_get_selected_pair(p->agent, p->stream, COMPONENT, &local, &remote) &&
           local->type == NICE_CANDIDATE_TYPE_RELAYED &&
           remote->type == NICE_CANDIDATE_TYPE_RELAYED;
}

static gboolean on_late(gpointer data)
{
    (void)data;
    is_late = true;
    return G_SOURCE_CONTINUE;
}

/* wait_for — lets the agents work until both are true or patience is over. */
static void wait_for(const bool *one, const bool *other)
{
    is_late = false;
    guint timer = g_timeout_add_seconds(PATIENCE, on_late, NULL);
    while (!(*one && *other) && !is_late) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(timer);
}

static void on_closed(GObject *agent, GAsyncResult *result, gpointer data)
{
    (void)agent, (void)result;
    ((struct peer *)data)->is_closed = true;
}

/* free_peer — first gives its relays back. */
static void free_peer(struct peer *p)
{
    nice_agent_close_async(p->agent, on_closed, p);
    wait_for(&p->is_closed, &p->is_closed);
    g_object_unref(p->agent);
    free(p);
}

static void report(bool is_ok, const char *description, const char *transport)
{
    printf("%s - %s over %s\n", is_ok ? "ok" : "not ok", description, transport);
}

static void relays(char **server)
{
    struct peer *caller = new_peer(server, "wonderland", true);
    struct peer *callee = new_peer(server, "wonderland", false);
    wait_for(&caller->is_gathered, &callee->is_gathered);
    introduce(caller, callee);
    introduce(callee, caller);
    wait_for(&caller->is_ready, &callee->is_ready);
    report(is_relayed(caller) && is_relayed(callee), "T01 T49 libnice connects relay to relay",
           server[3]);

    for (unsigned first = 0; first < PACKETS && caller->received == first; first += TOGETHER) {
        caller->has_all = false;
        for (unsigned number = first; number < first + TOGETHER; number++) {
            send_packet(caller, number);
        }
        wait_for(&caller->has_all, &caller->has_all);
    }
    printf("# %u of %d packets came back\n", caller->received, PACKETS);
    report(caller->received == PACKETS, "T44 T50 T56 libnice's packets come back", server[3]);
    free_peer(caller);
    free_peer(callee);
}

static void is_refused(char **server)
{
    struct peer *p = new_peer(server, "wrong", true);
    wait_for(&p->is_gathered, &p->is_gathered);
    report(p->is_gathered && relay_count(p) == 0, "S33 libnice gets no relay by a wrong password",
           server[3]);
    free_peer(p);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: libnice_relay SERVER PORT udp|tcp|tls\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    relays(argv);
    is_refused(argv);
    return 0;
}
