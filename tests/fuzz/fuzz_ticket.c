/* fuzz_ticket — any bytes as the name of an issued credential: what is a ticket is written back,
 * and then says the same. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "store/ticket.h"

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_same_prefix(const struct prefix *a, const struct prefix *b)
{
    return a->length == b->length && netaddr_is_equal(&a->first, &b->first);
}

static bool is_same_rights(const struct rights *a, const struct rights *b)
{
    bool same = strcmp(a->id, b->id) == 0 && strcmp(a->tenant, b->tenant) == 0 &&
                a->issued.s == b->issued.s && a->allocations == b->allocations &&
                a->bandwidth == b->bandwidth && a->peer_count == b->peer_count &&
                is_same_prefix(&a->client, &b->client);
    for (int i = 0; same && i < a->peer_count; i++) {
        same = is_same_prefix(&a->peer[i], &b->peer[i]);
    }
    return same;
}

static void check_ticket(const struct ticket *t)
{
    char name[STUN_NAME_MAX + 1];
    struct ticket again;
    insist(strlen(t->key) == TICKET_KEY_SIZE && strlen(t->rights.id) == TICKET_ID_SIZE);
    insist(t->expires.s > 0 && t->rights.issued.s >= 0 && t->rights.issued.s <= t->expires.s);
    insist(t->rights.peer_count <= RIGHTS_PEERS_MAX);
    size_t size = ticket_write(t, name);
    insist(size > 0 && size <= STUN_NAME_MAX && name[size] == '\0');
    insist(ticket_parse((struct span){(const uint8_t *)name, size}, &again));
    insist(strcmp(t->key, again.key) == 0 && t->expires.s == again.expires.s &&
           t->not_before.s == again.not_before.s && span_is_equal(t->owner, again.owner) &&
           is_same_rights(&t->rights, &again.rights));
}

static void check_random(struct span name, struct span id, struct span owner)
{
    char text[TICKET_ID_SIZE + 1];
    char again[STUN_NAME_MAX + 1];
    insist(id.size == TICKET_ID_SIZE && owner.size <= name.size);
    memcpy(text, id.bytes, id.size);
    text[id.size] = '\0';
    size_t size = ticket_random_write(text, owner, again);
    insist(span_is_equal(name, (struct span){(const uint8_t *)again, size}));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct ticket t;
    struct span id;
    struct span owner;
    struct span name = {bytes, size};
    bool is_ticket = ticket_parse(name, &t);
    bool is_random = ticket_random_parse(name, &id, &owner);
    insist(!is_ticket || !is_random);
    insist(size <= STUN_NAME_MAX || (!is_ticket && !is_random));
    if (is_ticket) {
        check_ticket(&t);
    }
    if (is_random) {
        check_random(name, id, owner);
    }
    return 0;
}
