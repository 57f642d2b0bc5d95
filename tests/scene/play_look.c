/* play_look — statements that look at what the engine counts and tells. */
/* SPDX-License-Identifier: MIT */
#include "scene/play.h"

static uint64_t count_of(struct play *p, const char *what, bool *is_known)
{
    const struct stage *s = p->stage;
    const struct turn *t = s->turn;
    uint64_t endpoints = 0;
    uint64_t events[4] = {0};
    for (int i = 0; i < STAGE_ENDPOINTS_MAX; i++) {
        endpoints += s->endpoint[i].is_open ? 1 : 0;
    }
    for (int i = 0; i < s->event_count; i++) {
        events[s->event[i].kind]++;
    }
    const struct {
        const char *name;
        uint64_t value;
    } all[] = {
        {"allocations", turn_live(t)},
        {"permissions", t->flows.permits.live},
        {"channels", t->flows.channels.live},
        {"peer-connections", t->peers.live},
        {"users", t->users.users.live},
        {"endpoints", endpoints},
        {"units", s->taken},
        {"look-ups", s->look_ups},
        {"bindings", t->counts.bindings},
        {"challenges", t->counts.challenges},
        {"unauthorized", t->counts.unauthorized},
        {"limited", t->counts.limited},
        {"ignored", t->counts.ignored},
        {"opened", t->counts.opened},
        {"closed", t->counts.closed},
        {"refused", t->counts.refused},
        {"parked", t->counts.parked},
        {"park-full", t->counts.park_full},
        {"connects", t->counts.connects},
        {"connect-failures", t->counts.connect_failures},
        {"attempts", t->counts.attempts},
        {"attempts-refused", t->counts.attempts_refused},
        {"up-forwarded", t->flows.up.forwarded},
        {"down-forwarded", t->flows.down.forwarded},
        {"events-opened", events[TURN_EVENT_OPENED]},
        {"events-closed", events[TURN_EVENT_CLOSED]},
        {"events-refused", events[TURN_EVENT_REFUSED]},
        {"events-permitted", events[TURN_EVENT_PERMITTED]},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(what, all[i].name) == 0) {
            return all[i].value;
        }
    }
    *is_known = false;
    return 0;
}

static void expect_count(struct play *p, struct script_words *w)
{
    bool is_known = true;
    unsigned long long want = 0;
    const char *what = script_take(w).text;
    uint64_t is = count_of(p, what, &is_known);
    if (!is_known || !script_number(script_take(w), &want)) {
        judge_break(&p->judge, "cannot count %s", what);
    } else if (is != want) {
        judge_fail(&p->judge, "%s: %llu, expected %llu", what, (unsigned long long)is, want);
    }
}

static const struct stage_event *last_event(const struct stage *s, struct script_word kind)
{
    static const char *const names[] = {"opened", "closed", "refused", "permitted"};
    for (int i = s->event_count; i-- > 0;) {
        if (script_is(kind, names[s->event[i].kind])) {
            return &s->event[i];
        }
    }
    return NULL;
}

static void expect_field(struct play *p, const char *what, uint64_t is, struct script_word w)
{
    unsigned long long want = 0;
    if (!script_number(w, &want) || is != want) {
        judge_fail(&p->judge, "the event's %s is %llu", what, (unsigned long long)is);
    }
}

static void expect_event(struct play *p, struct script_words *w)
{
    const struct stage_event *e = last_event(p->stage, script_take(w));
    if (!e) {
        judge_fail(&p->judge, "no such event");
        return;
    }
    while (script_left(w) > 0) {
        struct script_word word = script_take(w);
        struct netaddr a;
        if (script_is(word, "reason")) {
            if (!script_is(script_take(w), turn_reason_name(e->reason))) {
                judge_fail(&p->judge, "the reason is %s", turn_reason_name(e->reason));
            }
        } else if (script_is(word, "user")) {
            struct script_word user = script_take(w);
            if (user.size != e->user_size || memcmp(user.text, e->user, user.size) != 0) {
                judge_fail(&p->judge, "the user is %s", e->user);
            }
        } else if (script_is(word, "realm")) {
            if (strcmp(script_take(w).text, e->realm) != 0) {
                judge_fail(&p->judge, "the realm is %s", e->realm);
            }
        } else if (script_is(word, "peer")) {
            if (!play_address(p, script_take(w), &a) || !netaddr_is_same_host(&a, &e->peer)) {
                judge_fail(&p->judge, "it is another peer");
            }
        } else if (script_is(word, "code")) {
            expect_field(p, "code", e->code, script_take(w));
        } else if (script_is(word, "method")) {
            expect_field(p, "method", e->method, script_take(w));
        } else if (script_is(word, "seconds")) {
            expect_field(p, "duration", e->duration_ns / MONO_SECOND, script_take(w));
        } else if (script_is(word, "up")) {
            expect_field(p, "packets up", e->up.packets, script_take(w));
            expect_field(p, "bytes up", e->up.bytes, script_take(w));
        } else if (script_is(word, "down")) {
            expect_field(p, "packets down", e->down.packets, script_take(w));
            expect_field(p, "bytes down", e->down.bytes, script_take(w));
        } else if (script_is(word, "permissions")) {
            expect_field(p, "permissions", e->permissions, script_take(w));
        } else if (script_is(word, "channels")) {
            expect_field(p, "channels", e->channels, script_take(w));
        } else {
            judge_break(&p->judge, "an event has no \"%s\"", word.text);
        }
    }
}

/* expect_allocation — whether net would keep a client's connection for the sake of what it has. */
static void expect_allocation(struct play *p, struct script_words *w)
{
    const struct actor *a = actor_find(&p->actors, script_take(w).text);
    if (!a) {
        judge_break(&p->judge, "an allocation of nobody");
        return;
    }
    bool wanted = script_is(script_take(w), "yes");
    if (turn_has_allocation(p->stage->turn, &a->path, p->stage->now.mono) != wanted) {
        judge_fail(&p->judge, "%s has %s allocation", a->name, wanted ? "no" : "an");
    }
}

bool play_look(struct play *p, struct script_words *w)
{
    if (!script_accept(w, "expect")) {
        return false;
    }
    if (!p->stage->is_started) {
        return true;
    }
    if (script_accept(w, "count")) {
        expect_count(p, w);
    } else if (script_accept(w, "allocation")) {
        expect_allocation(p, w);
    } else if (script_accept(w, "event")) {
        expect_event(p, w);
    } else {
        judge_break(&p->judge, "expect what?");
    }
    return true;
}
