/* ctl_rights — members of a request's body that options say. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_rights.h"

#include <stdio.h>

/* text_of — a text as JSON; NULL, said, when it is no UTF-8. */
static json_t *text_of(const char *member, const char *text)
{
    json_t *value = json_string(text);
    if (!value) {
        fprintf(stderr, "turnpikectl: %s: write it in UTF-8\n", member);
    }
    return value;
}

bool ctl_rights_put_text(json_t *body, const char *member, const char *text)
{
    if (!text) {
        return true;
    }
    json_t *value = text_of(member, text);
    return value && json_object_set_new(body, member, value) == 0;
}

void ctl_rights_put_number(json_t *body, const char *member, struct ctl_options_number number)
{
    if (number.is_set) {
        json_object_set_new(body, member, json_integer((json_int_t)number.value));
    }
}

static bool put_peers(json_t *body, const struct ctl_options *options)
{
    if (options->peer_count == 0) {
        return true;
    }
    json_t *peers = json_array();
    json_object_set_new(body, "peers", peers);
    for (size_t i = 0; i < options->peer_count; i++) {
        json_t *value = text_of("peers", options->peers[i]);
        if (!value) {
            return false;
        }
        json_array_append_new(peers, value);
    }
    return true;
}

bool ctl_rights_put(json_t *body, const struct ctl_options *options)
{
    ctl_rights_put_number(body, "allocations", options->allocations);
    ctl_rights_put_number(body, "bandwidth", options->bandwidth);
    return ctl_rights_put_text(body, "realm", options->realm) &&
           ctl_rights_put_text(body, "tenant", options->tenant) &&
           ctl_rights_put_text(body, "client", options->client) && put_peers(body, options);
}
