/* mirror — what this node knows of the store without asking. */
/* SPDX-License-Identifier: MIT */
#include "store/mirror.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/siphash.h"
#include "net/entropy_os.h"

enum {
    BUCKETS = 1 << 14,  /* of grants and of revocations: chains, since both come and go by heap */
    TIDY_BUCKETS = 256, /* of revocations, looked through at a time; BUCKETS is a multiple */
    NONES = 4096,       /* names that are known to be none: what falls on one place replaces it */
};

/* A name with its realm, and what is known of it. */
struct known {
    struct known *next;
    uint64_t hash;
    uint32_t place; /* in the ring */
    uint32_t reading;
    struct mono fetched;
    _Atomic bool was_used; /* since the hand passed */
    bool is_hash;
    size_t realm_size, name_size; /* both behind, realm first */
    struct grant *grant;
    uint8_t bytes[];
};

struct revocation {
    struct revocation *next;
    uint64_t hash;
    uint32_t reading;
    uint8_t scope;
    struct wall at, until;
    size_t realm_size, value_size, tenant_size; /* in this order */
    uint8_t bytes[];
};

struct held_secret {
    struct held_secret *next;
    uint32_t reading;
    char *realm;
    size_t realm_size;
    struct mirror_secret secret;
};

struct none {
    uint64_t hash;
    struct mono until;
    enum mirror_known what;
};

struct mirror {
    pthread_rwlock_t lock;
    struct siphash_key key;
    bool is_up, has_read;
    uint32_t reading; /* counts mirror_begin */
    struct known *known[BUCKETS];
    struct known *ring[MIRROR_GRANTS_MAX]; /* the same, for the hand that forgets */
    uint32_t ring_count, hand;
    struct revocation *revocation[BUCKETS];
    uint32_t revocations;
    uint32_t tidy_next;          /* bucket of revocations to look through next */
    struct held_secret *secrets; /* newest last */
    struct none none[NONES];
};

/* The lock says nothing of what is in it: readers of a const mirror take it, too. */
static pthread_rwlock_t *lock_of(const struct mirror *m)
{
    return (pthread_rwlock_t *)(uintptr_t)&m->lock;
}

struct mirror *mirror_new(void)
{
    struct mirror *m = calloc(1, sizeof(*m));
    const struct entropy *entropy = entropy_os();
    if (m) {
        pthread_rwlock_init(&m->lock, NULL);
        entropy->fill(entropy->context, &m->key, sizeof(m->key));
    }
    return m;
}

static void free_known(struct known *k)
{
    if (k->grant) {
        secret_wipe(k->grant, grant_size(k->grant));
        free(k->grant);
    }
    free(k);
}

static void free_secret(struct held_secret *s)
{
    secret_wipe(&s->secret, sizeof(s->secret));
    free(s->realm);
    free(s);
}

void mirror_free(struct mirror *m)
{
    if (!m) {
        return;
    }
    for (uint32_t i = 0; i < m->ring_count; i++) {
        free_known(m->ring[i]);
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (m->revocation[i]) {
            struct revocation *r = m->revocation[i];
            m->revocation[i] = r->next;
            free(r);
        }
    }
    while (m->secrets) {
        struct held_secret *s = m->secrets;
        m->secrets = s->next;
        free_secret(s);
    }
    pthread_rwlock_destroy(&m->lock);
    free(m);
}

/* hash — of a realm and a name; `kind` keeps names, user hashes and revocations apart. */
static uint64_t hash_of(const struct mirror *m, unsigned kind, struct span realm, struct span name)
{
    struct siphash_key key = m->key;
    key.word[0] ^= siphash(&m->key, realm.bytes, realm.size);
    key.word[1] ^= kind;
    return siphash(&key, name.bytes, name.size);
}

enum { KIND_NAME = 100, KIND_HASH = 101 }; /* beside the scopes */

static bool is_bytes(const uint8_t *at, size_t size, struct span s)
{
    return size == s.size && (size == 0 || memcmp(at, s.bytes, size) == 0);
}

/* State. */

void mirror_set_up(struct mirror *m, bool is_up)
{
    pthread_rwlock_wrlock(&m->lock);
    m->is_up = is_up;
    pthread_rwlock_unlock(&m->lock);
}

void mirror_begin(struct mirror *m)
{
    pthread_rwlock_wrlock(&m->lock);
    m->reading++;
    memset(m->none, 0, sizeof(m->none));
    pthread_rwlock_unlock(&m->lock);
}

bool mirror_has_read(const struct mirror *m)
{
    pthread_rwlock_rdlock(lock_of(m));
    bool has_read = m->has_read;
    pthread_rwlock_unlock(lock_of(m));
    return has_read;
}

/* drop_revocations — in one bucket: those of before a reading, or whose time is over. */
static void drop_revocations(struct mirror *m, size_t bucket, uint32_t reading, struct wall now)
{
    struct revocation **at = &m->revocation[bucket];
    while (*at) {
        struct revocation *r = *at;
        bool is_over = r->until.s != 0 && r->until.s <= now.s;
        if (!is_over && r->reading >= reading) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        m->revocations--;
        free(r);
    }
}

static bool drop_secrets(struct mirror *m, uint32_t reading, struct wall now)
{
    struct held_secret **at = &m->secrets;
    bool is_gone = false;
    while (*at) {
        struct held_secret *s = *at;
        bool is_over = s->secret.retires.s != 0 && s->secret.retires.s <= now.s;
        if (!is_over && s->reading >= reading) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        free_secret(s);
        is_gone = true;
    }
    return is_gone;
}

bool mirror_end(struct mirror *m, bool keeps)
{
    bool is_gone = false;
    /* Some at a time: workers wait for the lock. */
    for (size_t i = 0; !keeps && i < BUCKETS; i += TIDY_BUCKETS) {
        pthread_rwlock_wrlock(&m->lock);
        for (size_t j = i; j < i + TIDY_BUCKETS; j++) {
            drop_revocations(m, j, m->reading, (struct wall){0});
        }
        pthread_rwlock_unlock(&m->lock);
    }
    pthread_rwlock_wrlock(&m->lock);
    if (!keeps) {
        is_gone = drop_secrets(m, m->reading, (struct wall){0});
    }
    m->has_read = true;
    pthread_rwlock_unlock(&m->lock);
    return is_gone;
}

bool mirror_tidy(struct mirror *m, struct wall now)
{
    pthread_rwlock_wrlock(&m->lock);
    for (int i = 0; i < TIDY_BUCKETS; i++) {
        drop_revocations(m, m->tidy_next, 0, now);
        m->tidy_next = (m->tidy_next + 1) % BUCKETS;
    }
    bool is_gone = drop_secrets(m, 0, now);
    pthread_rwlock_unlock(&m->lock);
    return is_gone;
}

/* Secrets. */

static struct held_secret *find_secret(const struct mirror *m, struct span realm, const char *key,
                                       size_t *of_realm)
{
    struct held_secret *found = NULL;
    *of_realm = 0;
    for (struct held_secret *s = m->secrets; s; s = s->next) {
        if (is_bytes((const uint8_t *)s->realm, s->realm_size, realm)) {
            *of_realm += 1;
            found = strcmp(s->secret.key, key) == 0 ? s : found;
        }
    }
    return found;
}

/* oldest_secret — of a realm, if it is older than a moment; NULL when none is. */
static struct held_secret *oldest_secret(const struct mirror *m, struct span realm,
                                         struct wall than)
{
    struct held_secret *oldest = NULL;
    for (struct held_secret *s = m->secrets; s; s = s->next) {
        bool is_of_realm = is_bytes((const uint8_t *)s->realm, s->realm_size, realm);
        if (is_of_realm && s->secret.created.s < than.s &&
            (!oldest || s->secret.created.s < oldest->secret.created.s)) {
            oldest = s;
        }
    }
    return oldest;
}

/* add_secret — at the end. Returns NULL when memory is short. */
static struct held_secret *add_secret(struct mirror *m, struct span realm)
{
    struct held_secret *s = calloc(1, sizeof(*s));
    char *copy = malloc(realm.size + 1);
    if (!s || !copy) {
        free(s);
        free(copy);
        return NULL;
    }
    memcpy(copy, realm.bytes, realm.size);
    s->realm = copy;
    s->realm_size = realm.size;
    struct held_secret **at = &m->secrets;
    while (*at) {
        at = &(*at)->next;
    }
    *at = s;
    return s;
}

bool mirror_put_secret(struct mirror *m, struct span realm, const struct mirror_secret *secret)
{
    size_t count;
    pthread_rwlock_wrlock(&m->lock);
    struct held_secret *s = find_secret(m, realm, secret->key, &count);
    if (!s) {
        s = count < MIRROR_SECRETS_MAX ? add_secret(m, realm)
                                       : oldest_secret(m, realm, secret->created);
    }
    if (s) {
        s->secret = *secret;
        s->reading = m->reading;
    }
    pthread_rwlock_unlock(&m->lock);
    return s != NULL;
}

bool mirror_remove_secret(struct mirror *m, struct span realm, const char *key)
{
    size_t count;
    pthread_rwlock_wrlock(&m->lock);
    struct held_secret *s = find_secret(m, realm, key, &count);
    struct held_secret **at = &m->secrets;
    while (s && *at != s) {
        at = &(*at)->next;
    }
    if (s) {
        *at = s->next;
        free_secret(s);
    }
    pthread_rwlock_unlock(&m->lock);
    return s != NULL;
}

bool mirror_each_secret(const struct mirror *m, struct span realm, size_t index,
                        struct mirror_secret *out)
{
    bool is_found = false;
    pthread_rwlock_rdlock(lock_of(m));
    for (const struct held_secret *s = m->secrets; s && !is_found; s = s->next) {
        if (is_bytes((const uint8_t *)s->realm, s->realm_size, realm) && index-- == 0) {
            *out = s->secret;
            is_found = true;
        }
    }
    pthread_rwlock_unlock(lock_of(m));
    return is_found;
}

/* Revocations. */

static struct revocation **find_revocation(const struct mirror *m, struct span realm,
                                           enum mirror_scope scope, struct span value,
                                           uint64_t *hash)
{
    *hash = hash_of(m, scope, realm, value);
    struct revocation **at = (struct revocation **)(uintptr_t)&m->revocation[*hash % BUCKETS];
    while (*at && !((*at)->hash == *hash && (*at)->scope == scope &&
                    is_bytes((*at)->bytes, (*at)->realm_size, realm) &&
                    is_bytes((*at)->bytes + (*at)->realm_size, (*at)->value_size, value))) {
        at = &(*at)->next;
    }
    return at;
}

static struct revocation *revocation_new(struct span realm, const struct mirror_revocation *from)
{
    struct revocation *r =
        calloc(1, sizeof(*r) + realm.size + from->value.size + from->tenant.size);
    if (r) {
        r->scope = (uint8_t)from->scope;
        r->realm_size = realm.size;
        r->value_size = from->value.size;
        r->tenant_size = from->tenant.size;
        struct writer w = writer_init(r->bytes, realm.size + from->value.size + from->tenant.size);
        writer_bytes(&w, realm.bytes, realm.size);
        writer_bytes(&w, from->value.bytes, from->value.size);
        writer_bytes(&w, from->tenant.bytes, from->tenant.size);
    }
    return r;
}

bool mirror_put_revocation(struct mirror *m, struct span realm,
                           const struct mirror_revocation *from)
{
    uint64_t hash;
    struct revocation *fresh = revocation_new(realm, from);
    if (!fresh) {
        return false;
    }
    pthread_rwlock_wrlock(&m->lock);
    struct revocation **place = find_revocation(m, realm, from->scope, from->value, &hash);
    struct revocation *old = *place;
    bool is_news = !old || old->at.s < from->at.s;
    fresh->hash = hash;
    fresh->at = old && old->at.s > from->at.s ? old->at : from->at; /* of two the later */
    fresh->until = from->until;
    fresh->reading = m->reading;
    fresh->next = old ? old->next : NULL;
    *place = fresh;
    m->revocations += old ? 0 : 1;
    pthread_rwlock_unlock(&m->lock);
    free(old);
    return is_news;
}

bool mirror_lift(struct mirror *m, struct span realm, enum mirror_scope scope, struct span value)
{
    uint64_t hash;
    pthread_rwlock_wrlock(&m->lock);
    struct revocation **place = find_revocation(m, realm, scope, value, &hash);
    struct revocation *r = *place;
    if (r) {
        *place = r->next;
        m->revocations--;
        free(r);
    }
    pthread_rwlock_unlock(&m->lock);
    return r != NULL;
}

/* view_of — a revocation as others see it, borrowed. */
static struct mirror_revocation view_of(const struct revocation *r)
{
    const uint8_t *value = r->bytes + r->realm_size;
    return (struct mirror_revocation){
        .scope = (enum mirror_scope)r->scope,
        .value = {value, r->value_size},
        .tenant = {value + r->value_size, r->tenant_size},
        .at = r->at,
        .until = r->until,
    };
}

void mirror_each_revocation(const struct mirror *m, struct span realm,
                            void (*tell)(void *context, const struct mirror_revocation *r),
                            void *context)
{
    pthread_rwlock_rdlock(lock_of(m));
    for (size_t i = 0; m->revocations > 0 && i < BUCKETS; i++) {
        for (const struct revocation *r = m->revocation[i]; r; r = r->next) {
            struct mirror_revocation view = view_of(r);
            if (is_bytes(r->bytes, r->realm_size, realm)) {
                tell(context, &view);
            }
        }
    }
    pthread_rwlock_unlock(lock_of(m));
}

static bool is_void(const struct mirror *m, struct span realm, enum mirror_scope scope,
                    struct span value, struct wall issued)
{
    uint64_t hash;
    const struct revocation *r = *find_revocation(m, realm, scope, value, &hash);
    return r && issued.s <= r->at.s;
}

/* is_void_credential — by its id, unless it was another tenant who said so. */
static bool is_void_credential(const struct mirror *m, struct span realm,
                               const struct rights *rights)
{
    uint64_t hash;
    const struct revocation *r =
        *find_revocation(m, realm, MIRROR_CREDENTIAL, span_of_text(rights->id), &hash);
    return r &&
           (r->tenant_size == 0 || span_is_equal(view_of(r).tenant, span_of_text(rights->tenant)));
}

bool mirror_is_revoked(const struct mirror *m, struct span realm, struct span owner,
                       const struct rights *rights)
{
    pthread_rwlock_rdlock(lock_of(m));
    bool is_revoked =
        m->revocations > 0 &&
        (is_void(m, realm, MIRROR_USER, owner, rights->issued) ||
         (rights->id[0] && is_void_credential(m, realm, rights)) ||
         (rights->tenant[0] &&
          is_void(m, realm, MIRROR_TENANT, span_of_text(rights->tenant), rights->issued)));
    pthread_rwlock_unlock(lock_of(m));
    return is_revoked;
}

struct wall mirror_revoked_at(const struct mirror *m, struct span realm, struct span owner,
                              struct span tenant)
{
    uint64_t hash;
    struct wall at = {0};
    pthread_rwlock_rdlock(lock_of(m));
    const struct revocation *each[] = {
        m->revocations > 0 ? *find_revocation(m, realm, MIRROR_USER, owner, &hash) : NULL,
        m->revocations > 0 && tenant.size > 0
            ? *find_revocation(m, realm, MIRROR_TENANT, tenant, &hash)
            : NULL,
    };
    for (int i = 0; i < 2; i++) {
        at = each[i] && each[i]->at.s > at.s ? each[i]->at : at;
    }
    pthread_rwlock_unlock(lock_of(m));
    return at;
}

/* Grants. */

static struct known **find_known(const struct mirror *m, struct span realm, bool is_hash,
                                 struct span name, uint64_t *hash)
{
    *hash = hash_of(m, is_hash ? KIND_HASH : KIND_NAME, realm, name);
    struct known **at = (struct known **)(uintptr_t)&m->known[*hash % BUCKETS];
    while (*at && !((*at)->hash == *hash && (*at)->is_hash == is_hash &&
                    is_bytes((*at)->bytes, (*at)->realm_size, realm) &&
                    is_bytes((*at)->bytes + (*at)->realm_size, (*at)->name_size, name))) {
        at = &(*at)->next;
    }
    return at;
}

/* drop_known — forget one, by the place that points to it. */
static void drop_known(struct mirror *m, struct known **at)
{
    struct known *k = *at;
    *at = k->next;
    struct known *last = m->ring[--m->ring_count];
    m->ring[k->place] = last;
    last->place = k->place;
    free_known(k);
}

/* make_room — forget one that was not used since the hand came by. */
static void make_room(struct mirror *m)
{
    while (m->ring_count == MIRROR_GRANTS_MAX) {
        m->hand = (m->hand + 1) % MIRROR_GRANTS_MAX;
        struct known *k = m->ring[m->hand];
        if (atomic_exchange_explicit(&k->was_used, false, memory_order_relaxed)) {
            continue;
        }
        struct known **at = &m->known[k->hash % BUCKETS];
        while (*at != k) {
            at = &(*at)->next;
        }
        drop_known(m, at);
    }
}

/* add_known — a place for a name; NULL when memory is short. */
static struct known *add_known(struct mirror *m, struct span realm, bool is_hash, struct span name,
                               uint64_t hash)
{
    make_room(m);
    struct known *k = calloc(1, sizeof(*k) + realm.size + name.size);
    if (!k) {
        return NULL;
    }
    k->hash = hash;
    k->is_hash = is_hash;
    k->realm_size = realm.size;
    k->name_size = name.size;
    memcpy(k->bytes, realm.bytes, realm.size);
    memcpy(k->bytes + realm.size, name.bytes, name.size);
    k->place = m->ring_count;
    m->ring[m->ring_count++] = k;
    k->next = m->known[hash % BUCKETS];
    m->known[hash % BUCKETS] = k;
    return k;
}

/* keep — a copy of a grant in place of what there was; false when memory is short. */
static bool keep(struct known *k, const struct grant *grant)
{
    struct grant *copy = malloc(grant_size(grant));
    if (!copy) {
        return false;
    }
    memcpy(copy, grant, grant_size(grant));
    if (k->grant) {
        secret_wipe(k->grant, grant_size(k->grant));
        free(k->grant);
    }
    k->grant = copy;
    return true;
}

void mirror_put_grant(struct mirror *m, struct span realm, bool is_hash, struct span name,
                      const struct grant *grant, enum mirror_known what, struct mono now)
{
    uint64_t hash;
    pthread_rwlock_wrlock(&m->lock);
    struct known **at = find_known(m, realm, is_hash, name, &hash);
    struct known *k = *at;
    if (grant && !k) {
        k = add_known(m, realm, is_hash, name, hash);
        at = &m->known[hash % BUCKETS]; /* first of its chain */
    }
    bool is_kept = grant && k && keep(k, grant);
    if (is_kept) {
        k->fetched = now;
        k->reading = m->reading;
    } else if (k && what != MIRROR_KNOWN_BROKEN) {
        drop_known(m, at); /* of what cannot be read now, the last that was known is kept */
    }
    if (!grant) {
        m->none[hash % NONES] = (struct none){hash, mono_add_s(now, MIRROR_NONE_FRESH), what};
    }
    pthread_rwlock_unlock(&m->lock);
}

void mirror_forget(struct mirror *m, struct span realm, bool is_hash, struct span name)
{
    uint64_t hash;
    pthread_rwlock_wrlock(&m->lock);
    struct known **at = find_known(m, realm, is_hash, name, &hash);
    if (*at) {
        drop_known(m, at);
    }
    m->none[hash % NONES] = (struct none){.hash = 0};
    pthread_rwlock_unlock(&m->lock);
}

/* is_fresh — whether what was fetched then may be believed now. */
static bool is_fresh(const struct mirror *m, const struct known *k, struct mono now)
{
    uint64_t keeps = m->is_up ? MIRROR_FRESH : MIRROR_KEEPS;
    return mono_is_before(now, mono_add_s(k->fetched, keeps)) &&
           (!m->is_up || k->reading == m->reading);
}

enum mirror_known mirror_find(const struct mirror *m, struct span realm, bool is_hash,
                              struct span name, struct mono now, struct grant *out)
{
    uint64_t hash;
    enum mirror_known known = MIRROR_UNKNOWN;
    pthread_rwlock_rdlock(lock_of(m));
    struct known *k = *find_known(m, realm, is_hash, name, &hash);
    const struct none *none = &m->none[hash % NONES];
    if (k && is_fresh(m, k, now)) {
        memcpy(out, k->grant, grant_size(k->grant));
        atomic_store_explicit(&k->was_used, true, memory_order_relaxed);
        known = MIRROR_KNOWN;
    } else if (none->hash == hash && mono_is_before(now, none->until)) {
        known = none->what;
        bool is_kept = k && known == MIRROR_KNOWN_BROKEN &&
                       mono_is_before(now, mono_add_s(k->fetched, MIRROR_KEEPS));
        if (is_kept) {
            memcpy(out, k->grant, grant_size(k->grant));
            known = MIRROR_KNOWN;
        }
    }
    pthread_rwlock_unlock(lock_of(m));
    return known;
}

struct mirror_counts mirror_counts(const struct mirror *m)
{
    struct mirror_counts counts;
    pthread_rwlock_rdlock(lock_of(m));
    counts = (struct mirror_counts){.grants = m->ring_count, .revocations = m->revocations};
    for (const struct held_secret *s = m->secrets; s; s = s->next) {
        counts.secrets++;
    }
    pthread_rwlock_unlock(lock_of(m));
    return counts;
}
