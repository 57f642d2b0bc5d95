/* fuzz_grant — any bytes as what a store says of a user: taken or refused with one sentence; what
 * is taken is printed, read again, and printed the same. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "store/grant.h"

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_grant(const struct grant *g)
{
    struct grant again;
    char why[256];
    insist(g->name_size <= STUN_NAME_MAX && strlen(g->name) == g->name_size);
    insist(g->md5.size == DIGEST_MD5_SIZE);
    insist(!g->has_sha256 || g->sha256.size == DIGEST_SHA256_SIZE);
    insist(g->rights.peer_count <= RIGHTS_PEERS_MAX);
    char *first = grant_print(g);
    insist(first != NULL);
    insist(grant_parse(span_of_text(first), &again, why, sizeof(why)));
    char *second = grant_print(&again);
    insist(second && strcmp(first, second) == 0);
    grant_free_text(first);
    grant_free_text(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct grant g;
    char why[256] = "";
    if (grant_parse((struct span){bytes, size}, &g, why, sizeof(why))) {
        check_grant(&g);
    } else {
        insist(why[0] != '\0');
    }
    return 0;
}
