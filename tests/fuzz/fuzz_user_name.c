/* fuzz_user_name — any bytes as a user name: the time-limited forms are split within it, and
 * whatever the keyring finds has a name and an account that fit. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "store/gate.h"
#include "support/digest.h"

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_split(struct span name)
{
    struct wall expires;
    size_t at;
    size_t size;
    if (roster_time_limited(name, &expires, &at, &size)) {
        insist(expires.s > 0 && at <= name.size && size <= name.size - at);
    }
}

static void check_find(const struct keyring *k, const struct digest *digest, struct span name,
                       bool is_hash)
{
    struct keyring_found found;
    struct keyring_query query = {
        .is_hash = is_hash,
        .algorithm = STUN_ALGORITHM_SHA256,
        .name = name,
        .realm_name = span_of_text("example.org"),
    };
    if (k->find(k->context, &query, digest, &found) == KEYRING_FOUND) {
        insist(found.count > 0 && found.count <= KEYRING_ENTRIES_MAX);
        insist(found.name_size <= STUN_NAME_MAX);
        insist(found.account_at <= found.name_size &&
               found.account_size <= found.name_size - found.account_at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct digest_evp digest;
    struct span name = {bytes, size};
    check_split(name);
    if (size > STUN_NAME_MAX) {
        return 0; /* the engine asks no keyring about those */
    }
    digest_init(&digest);
    struct roster *r = roster_new();
    insist(r && roster_add_user(r, 0, "example.org", "alice", "wonderland", NULL, &digest.digest) &&
           roster_add_secret(r, 0, "one", ROSTER_SHA1) &&
           roster_add_secret(r, 0, "two", ROSTER_BOTH));
    insist(roster_seal(r));
    struct gate gate = {.roster = r};
    struct keyring k = gate_keyring(&gate);
    check_find(&k, &digest.digest, name, false);
    check_find(&k, &digest.digest, name, true);
    roster_free(r);
    digest_fini(&digest);
    return 0;
}
