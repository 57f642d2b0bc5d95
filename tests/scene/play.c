/* play — runs scenes: the engine under scripts, minutes in no time. Prints TAP, a test per scene.
 *
 *     play [--plain | --fail-memory] [--only TEXT] FILE...
 *
 * Every scene is played as it is (--plain), then again and again with its n-th commit of memory
 * failing, alone and with all behind it, for n = 1, 2 ... until none fails (--fail-memory): then
 * expectations may differ, but answers stay well formed, nothing leaks, and sums add up.
 *
 * A file is a preamble, played before each of its scenes, then scenes. One statement a line; #
 * begins a comment, \ at the end goes on in the next line, "..." keeps blanks and knows \xNN.
 *
 *     scene "T04 another Allocate on a live 5-tuple gets 437"
 *     user alice password wonderland
 *     client alice 203.0.113.5:4000 user alice password wonderland
 *     alice allocate -> success lifetime 600
 *     alice allocate -> error 437
 *     wait 5m
 *     peer 192.0.2.9:7000 sends "hello" to alice -> nothing no_permission
 *
 * The world (stage_config.c has what it begins with; changed later it waits for `reload`):
 *     set NAME VALUE              lifetime, per-user, family, icmp, software ... : stage_config.c
 *     realm NAME   forget-realm NAME   no-realms
 *                                 realm that user, secret, set, allow and deny speak of; new if new
 *     listener N NAME             requests to listener N are challenged with that realm
 *     user NAME password P [RIGHTS]     forget-user NAME
 *       RIGHTS: expires, not-before, issued S (from now); id, tenant T; owner NAME (its end);
 *       allocations, bandwidth N; from RANGE (its clients); peer RANGE (whom it may reach)
 *     revoke user|tenant|credential|name VALUE [issued-by S]     shares late|come
 *     secret TEXT [sha256] [user-first]                   forget-secret TEXT
 *     allow P...   deny P...   no-rules
 *     own ADDRESS [external ADDRESS]   no-own   door ADDRESS:PORT   no-doors   live ADDRESS:PORT
 *     alternate ADDRESS   no-alternates
 *     reload   drain   shutdown   store down|up   late NAME   key NAME|userhash:NAME
 *     wait TIME (with ticks)   sleep TIME (without)   clock SECONDS (the wall clock alone)
 *
 * Clients: client NAME ADDRESS [user U] [password P | secret S [sha256]] [algorithm 1|2] [userhash]
 *          [fingerprint] [tos N] [listener N] [over tcp|tls|dtls]
 *   NAME changes ...            takes the same words
 *   NAME closes -> ...          the connection it has over tcp, tls or dtls
 *   NAME opens [WORDS]          another in its place
 *
 * Requests: NAME METHOD WORDS -> OUTCOME, with METHOD one of binding, allocate, refresh, permit,
 * bind, connect, connection-bind, method N
 *   A client without a nonce first asks unsigned, by itself, to be challenged; `unsigned` and
 * `signed` say otherwise. Words for attributes and for bending the message are in actor.c: lifetime
 * N, transport tcp|N, family ipv6, additional ipv6, even, reserve, token NAME, df, peer A, channel
 * N, id NAME|N, data "x", attr TYPE VALUE, after TYPE VALUE (behind the integrity), without nonce,
 * user U, password P, realm R, nonce flip:N, algorithms HEX, integrity sha256|both|wrong|N,
 * fingerprint [wrong], classic, class N, from ADDRESS, same-id, length +4, trailing 4 ...
 *   NAME again -> ...           the very same bytes once more
 *   NAME raw HEX -> ...         any bytes
 *   NAME hears OUTCOME          an answer that came later
 *   NAME forgets                its nonce
 * Data: NAME sends "x" to ADDRESS [df] ...               a Send indication
 *   NAME writes CHANNEL "x" [length N] [pad N]           ChannelData; streams pad by themselves
 *   peer ADDRESS sends "x" to NAME|ADDRESS [tos N]
 *   icmp ADDRESS to NAME type T code C [mtu M]
 * TCP to peers: network down|up (no connection can even be begun)
 *   peer ADDRESS accepts|refuses NAME                    what the host was to connect
 *   peer ADDRESS calls NAME                              its relayed address
 *   peer ADDRESS leaves NAME                             a connection of either kind
 *   One that is not accepted, or not joined, in 30 s of `wait` ends by itself, as in net.
 *
 * Outcomes: success WORDS | error CODE WORDS (judge.c: signed sha1, lifetime N, relayed ipv4, has
 *   TYPE, lacks TYPE, only TYPE,TYPE, unknown 0x1,0x2, at-most BYTES, alternate A ...)
 *   relayed [from A] [to A] [tos N] [df yes|no] ["payload"]   a peer gets what was sent
 *   data [from A] ...   channel N ...   icmp type T code C data N      a client gets it
 *   attempt [from A]                                     a client gets a ConnectionAttempt
 *   connects|disconnects [from A] [to A]   joins [to A]  what the host is to do with peers
 *   moves worker N   refuses                             the connection of a client, a peer's call
 *   NAME data ...               another client gets what was sent
 *   nothing [REASON]            silence; REASON is a drop's name, "ignored" or "limited"
 *   anything
 *   OUTCOME and OUTCOME         all that was heard must be said
 *
 * Looks: expect count WHAT N; expect allocation NAME yes|no;
 *   expect event opened|closed|refused|permitted [reason R] [user U] ...
 * Again and again: for i 1 9 : STATEMENT ; STATEMENT with {i}; each a X Y Z : STATEMENT with {a};
 *   list NAME X Y Z makes @NAME for each. {wall+N} is the time of day, {rep:x:500} is 500 x.  */
/* SPDX-License-Identifier: MIT */
#include "scene/play.h"

#include <stdio.h>
#include <stdlib.h>

static void run_line(struct play *p, const char *text);

bool play_address(struct play *p, struct script_word w, struct netaddr *out)
{
    if (!actor_address(&p->actors, w.text, out)) {
        judge_fail(&p->judge, "no address: %s", w.text);
        return false;
    }
    return true;
}

/* substitute — `text` with every {name} replaced by `value`. */
static void substitute(const char *text, const char *name, const char *value, char *out)
{
    size_t used = 0;
    size_t name_size = strlen(name);
    while (*text && used + strlen(value) + 2 < SCRIPT_LINE_MAX) {
        if (text[0] == '{' && strncmp(text + 1, name, name_size) == 0 &&
            text[name_size + 1] == '}') {
            used += (size_t)sprintf(out + used, "%s", value);
            text += name_size + 2;
        } else {
            out[used++] = *text++;
        }
    }
    out[used] = '\0';
}

/* expand — {wall+N} and {rep:x:N}. */
static void expand(const struct play *p, const char *text, char *out)
{
    size_t used = 0;
    while (*text && used + 32 < SCRIPT_LINE_MAX) {
        long long offset = 0;
        char one[32];
        unsigned times = 0;
        int size = 0;
        if (sscanf(text, "{wall%lld}%n", &offset, &size) == 1 && size > 0) {
            used += (size_t)sprintf(out + used, "%lld", (long long)p->stage->now.wall.s + offset);
        } else if (sscanf(text, "{rep:%31[^:]:%u}%n", one, &times, &size) == 2 && size > 0) {
            for (; times > 0 && used + strlen(one) + 2 < SCRIPT_LINE_MAX; times--) {
                used += (size_t)sprintf(out + used, "%s", one);
            }
        } else {
            out[used++] = *text;
            size = 1;
        }
        text += size;
    }
    out[used] = '\0';
}

static void run_with(struct play *p, const char *text, const char *name, const char *value)
{
    char *line = malloc(SCRIPT_LINE_MAX);
    substitute(text, name, value, line);
    for (char *at = line; at && !p->judge.why[0];) {
        bool is_loop = strncmp(at, "each ", 5) == 0 || strncmp(at, "for ", 4) == 0;
        char *next = is_loop ? NULL : strstr(at, " ; ");
        if (next) {
            *next = '\0';
            next += 3;
        }
        run_line(p, at);
        at = next;
    }
    if (p->judge.why[0] && !strstr(p->judge.why, " ={")) {
        size_t used = strlen(p->judge.why);
        snprintf(p->judge.why + used, sizeof(p->judge.why) - used, " ={%s=%s}", name, value);
    }
    free(line);
}

/* run_for — for NAME FROM TO : STATEMENT. */
static void run_for(struct play *p, const char *text)
{
    char name[32];
    char value[32];
    unsigned long from;
    unsigned long to;
    int size = 0;
    if (sscanf(text, "for %31s %lu %lu : %n", name, &from, &to, &size) != 3 || size == 0) {
        judge_break(&p->judge, "for NAME FROM TO : STATEMENT");
        return;
    }
    for (unsigned long i = from; i <= to && (!p->judge.why[0] || p->is_harmed); i++) {
        snprintf(value, sizeof(value), "%lu", i);
        run_with(p, text + size, name, value);
    }
}

static void run_each(struct play *p, const char *text);

static void each_item(struct play *p, const char *items, const char *name, const char *rest)
{
    char item[256];
    int size = 0;
    while (sscanf(items, " %255s%n", item, &size) == 1 && (!p->judge.why[0] || p->is_harmed)) {
        items += size;
        if (item[0] != '@') {
            run_with(p, rest, name, item);
            continue;
        }
        for (int i = 0; i < p->lists; i++) {
            if (strcmp(p->list[i].name, item + 1) == 0) {
                each_item(p, p->list[i].items, name, rest);
            }
        }
    }
}

/* run_each — each NAME X Y Z : STATEMENT. */
static void run_each(struct play *p, const char *text)
{
    char name[32];
    int size = 0;
    const char *colon = strstr(text, " : ");
    if (sscanf(text, "each %31s %n", name, &size) != 1 || !colon) {
        judge_break(&p->judge, "each NAME ITEMS : STATEMENT");
        return;
    }
    char *items = malloc(SCRIPT_LINE_MAX);
    snprintf(items, SCRIPT_LINE_MAX, "%.*s", (int)(colon - text - size), text + size);
    each_item(p, items, name, colon + 3);
    free(items);
}

static void run_list(struct play *p, const char *text)
{
    int size = 0;
    if (p->lists == PLAY_LISTS_MAX ||
        sscanf(text, "list %31s %n", p->list[p->lists].name, &size) != 1) {
        judge_break(&p->judge, "list NAME ITEMS");
        return;
    }
    snprintf(p->list[p->lists++].items, SCRIPT_LINE_MAX, "%s", text + size);
}

static void run_words(struct play *p, struct script_words *w)
{
    if (!play_world(p, w) && !play_client(p, w) && !play_look(p, w)) {
        judge_break(&p->judge, "nobody is called %s, and no statement either", script_peek(w).text);
    }
    const char *broken = stage_check(p->stage);
    if (broken && !p->judge.is_broken) {
        judge_break(&p->judge, "%s", broken);
    }
}

static void run_line(struct play *p, const char *text)
{
    text += strspn(text, " \t");
    if (strncmp(text, "for ", 4) == 0) {
        run_for(p, text);
    } else if (strncmp(text, "each ", 5) == 0) {
        run_each(p, text);
    } else if (strncmp(text, "list ", 5) == 0) {
        run_list(p, text);
    } else {
        struct script_words *w = malloc(sizeof(*w));
        char *line = malloc(SCRIPT_LINE_MAX);
        expand(p, text, line);
        if (script_split(line, w)) {
            run_words(p, w);
        } else {
            judge_break(&p->judge, "the line cannot be split into words");
        }
        if (p->is_harmed && !p->judge.is_broken) {
            p->judge.why[0] = '\0';
            stage_hear_nothing(p->stage);
        }
        free(line);
        free(w);
    }
}

static bool has_failed(const struct play *p)
{
    return p->judge.why[0] != '\0';
}

static bool run_lines(struct play *p, const struct script *s, int first, int count, int *number)
{
    for (int i = first; i < first + count; i++) {
        *number = s->lines[i].number;
        run_line(p, s->lines[i].text);
        if (has_failed(p)) {
            return false;
        }
    }
    return true;
}

/* play_scene — play one scene once. Returns the commits it took; says in *ok and `why` how it went.
 */
static unsigned play_scene(const struct script *s, const struct script_scene *scene,
                           unsigned fail_at, bool fail_all, bool *ok, char *why, size_t room)
{
    struct play *p = calloc(1, sizeof(*p));
    int number = 0;
    p->stage = stage_new(fail_at, fail_all);
    p->actors.stage = p->stage;
    p->is_harmed = fail_at != 0;
    *ok = run_lines(p, s, 0, s->preamble_count, &number) &&
          run_lines(p, s, scene->first, scene->count, &number);
    if (*ok && p->stage->heard_count > 0) {
        judge_fail(&p->judge, "something was heard at the end");
        *ok = p->is_harmed;
    }
    stage_hear_nothing(p->stage);
    const char *broken = stage_finish(p->stage, fail_all);
    if (*ok && broken) {
        judge_break(&p->judge, "at the end: %s", broken);
        *ok = false;
    }
    snprintf(why, room, "%s:%d: %s", s->file, number, p->judge.why);
    unsigned commits = p->stage->memory.commits;
    for (int i = 0; i < p->actors.count; i++) {
        free(p->actors.actor[i].ask);
    }
    for (int i = 0; i < STAGE_CALLS_MAX; i++) {
        free(p->actors.waiting[i]);
    }
    stage_free(p->stage);
    free(p);
    return commits;
}

/* play_harmed — the same scene with its n-th commit failing, for n = 1, 2 ... until none fails. */
static bool play_harmed(const struct script *s, const struct script_scene *scene, char *why,
                        size_t room)
{
    bool ok = true;
    unsigned commits = 1;
    for (unsigned n = 1; ok && commits >= n; n++) {
        (void)play_scene(s, scene, n, true, &ok, why, room);
        if (ok) {
            commits = play_scene(s, scene, n, false, &ok, why, room);
        }
        if (!ok) {
            size_t used = strlen(why);
            snprintf(why + used, room - used, " (commit %u failed)", n);
        }
    }
    return ok;
}

/* Which runs are wanted, and how they went. */
struct score {
    const char *only; /* scenes with this in their title; NULL: all */
    bool is_plain, is_harmed;
    int tests;
    int failed;
};

static void count(struct score *score, bool ok, const char *title, const char *manner,
                  const char *why)
{
    printf("%s %d - %s%s\n", ok ? "ok" : "not ok", ++score->tests, title, manner);
    if (!ok) {
        score->failed++;
        printf("# %s\n", why);
    }
}

static void play_all(const struct script *s, struct score *score)
{
    static char why[1024];
    for (int i = 0; i < s->scene_count; i++) {
        const struct script_scene *scene = &s->scenes[i];
        bool ok = true;
        if (score->only && !strstr(scene->title, score->only)) {
            continue;
        }
        if (score->is_plain) {
            (void)play_scene(s, scene, 0, false, &ok, why, sizeof(why));
            count(score, ok, scene->title, "", why);
        }
        if (score->is_harmed && ok) {
            ok = play_harmed(s, scene, why, sizeof(why));
            count(score, ok, scene->title, ", short of memory", why);
        }
    }
}

int main(int argc, char **argv)
{
    struct score score = {.is_plain = true, .is_harmed = true};
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        struct script script;
        if (strcmp(argv[i], "--plain") == 0) {
            score.is_harmed = false;
        } else if (strcmp(argv[i], "--fail-memory") == 0) {
            score.is_plain = false;
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            score.only = argv[++i];
        } else {
            bool ok = script_read(argv[i], &script);
            if (ok) {
                play_all(&script, &score);
            }
            script_free(&script);
            if (!ok) {
                printf("Bail out! %s cannot be read\n", argv[i]);
                return 1;
            }
        }
    }
    printf("1..%d\n", score.tests);
    return score.failed > 0 ? 1 : 0;
}
