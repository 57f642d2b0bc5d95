/* import_record — what coturn's databases hold: users, secrets, peers, options. */
/* SPDX-License-Identifier: MIT */
#include "ctl/import_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"
#include "base/secret.h"
#include "ctl/ctl_memory.h"
#include "ctl/import_value.h"

enum {
    QUOTA_MAX = 1000000000, /* the most that turnpike counts to */
    SLOWEST = 2000,         /* bytes per second, the least it takes */
};

void import_record_fault(const struct import_sink *sink, const char *where, const char *name,
                         const char *fault)
{
    char reason[IMPORT_SINK_WHY_SIZE];
    struct text t = text_init(reason, sizeof(reason));
    text_put(&t, name);
    text_char(&t, ' ');
    text_put(&t, fault);
    sink->skip(sink->context, where, reason);
}

static bool is_wanted(const struct import_sink *sink, struct span realm)
{
    return !sink->realm || realm.size == 0 || span_is_equal(realm, span_of_text(sink->realm));
}

/* take_realm — the name of a realm as a new string: where there is none, the one that is wanted, or
 * "". NULL: it is not wanted, or was reported. */
static char *take_realm(const struct import_sink *sink, const char *where, struct span realm)
{
    if (!is_wanted(sink, realm)) {
        return NULL;
    }
    if (realm.size == 0) {
        const char *name = sink->realm ? sink->realm : "";
        return ctl_memory_copy(name, strlen(name));
    }
    const char *fault = import_value_realm_fault(realm);
    if (fault) {
        import_record_fault(sink, where, "the realm's name", fault);
        return NULL;
    }
    return ctl_memory_copy(realm.bytes, realm.size);
}

bool import_record_user(const struct import_sink *sink, const char *where, struct span realm,
                        struct span name, struct span key)
{
    char md5[IMPORT_VALUE_KEY_SIZE];
    if (!is_wanted(sink, realm)) {
        return true;
    }
    const char *fault = import_value_fault(name, IMPORT_VALUE_NAME_MAX);
    if (realm.size == 0 || fault) {
        import_record_fault(sink, where, fault ? "the user's name" : "the user",
                            fault ? fault : "is of no realm, so that its key is good for none");
        return true;
    }
    if (!import_value_key(key, md5)) {
        import_record_fault(sink, where, "the user's key", "is no MD5 in hex, 32 digits");
        return true;
    }
    char *realm_name = take_realm(sink, where, realm);
    if (!realm_name) {
        return true;
    }
    char *user_name = ctl_memory_copy(name.bytes, name.size);
    struct import_user user = {.name = user_name, .realm = realm_name, .md5 = md5};
    import_snippet_realm(sink->snippet, realm_name);
    bool goes_on = sink->user(sink->context, where, &user);
    secret_wipe(md5, sizeof(md5));
    free(user_name);
    free(realm_name);
    return goes_on;
}

bool import_record_secret(const struct import_sink *sink, const char *where, struct span realm,
                          struct span secret)
{
    const char *fault = import_value_fault(secret, IMPORT_VALUE_SECRET_MAX);
    char *realm_name = take_realm(sink, where, realm);
    if (!realm_name) {
        return true;
    }
    if (fault) {
        import_record_fault(sink, where, "the secret", fault);
        free(realm_name);
        return true;
    }
    char *text = ctl_memory_copy(secret.bytes, secret.size);
    import_snippet_realm(sink->snippet, realm_name);
    bool goes_on = sink->secret(sink->context, where, realm_name, text);
    ctl_memory_forget(text);
    free(realm_name);
    return goes_on;
}

void import_record_peers(const struct import_sink *sink, const char *where, struct span realm,
                         bool is_allowed, struct span range)
{
    struct import_range r;
    char *name = take_realm(sink, where, realm);
    if (!name) {
        return;
    }
    if (import_range_parse(range, &r)) {
        import_snippet_peers(sink->snippet, name, is_allowed, &r);
    } else {
        import_record_fault(sink, where, "the range",
                            "is neither an address nor two of one family with - between them");
    }
    free(name);
}

#define FASTEST UINT64_C(1000000000000) /* bytes per second, the most it takes */

/* limit_name — turnpike's name of a limit of coturn's; NULL: there is none. */
static const char *limit_name(const char *option)
{
    return strcmp(option, "user-quota") == 0    ? "allocations-per-user"
           : strcmp(option, "total-quota") == 0 ? "allocations"
           : strcmp(option, "max-bps") == 0     ? "bandwidth-per-allocation"
                                                : NULL;
}

bool import_record_limit(const struct import_sink *sink, const char *where, const char *realm,
                         const char *option, struct span value)
{
    const char *name = limit_name(option);
    if (!name) {
        return false;
    }
    bool is_bandwidth = strcmp(option, "max-bps") == 0;
    uint64_t most = is_bandwidth ? FASTEST / 2 : QUOTA_MAX;
    uint64_t number;
    char word[32];
    struct text t = text_init(word, sizeof(word));
    if (!import_value_number(value, most, &number)) {
        import_record_fault(sink, where, option, "has a value that is no number turnpike takes");
        return true;
    }
    if (is_bandwidth && number > 0 && number * 2 < SLOWEST) {
        import_record_fault(sink, where, option,
                            "is less than turnpike takes, 2kB/s for both directions");
        return true;
    }
    if (number == 0) {
        return true; /* no limit, as by default */
    }
    if (is_bandwidth) { /* coturn counts each direction by itself, turnpike both together */
        quantity_put_bandwidth(&t, number * 2);
        if (realm[0] == '\0') {
            import_snippet_note(sink->snippet, IMPORT_SNIPPET_LIMITS,
                                "Twice max-bps: coturn counts each direction by itself.");
        }
    } else {
        text_u64(&t, number);
    }
    import_snippet_set(sink->snippet, realm, IMPORT_SNIPPET_LIMITS, name, word);
    return true;
}

void import_record_option(const struct import_sink *sink, const char *where, struct span realm,
                          struct span option, struct span value)
{
    const char *fault = import_value_fault(option, IMPORT_VALUE_NAME_MAX);
    char *name = take_realm(sink, where, realm);
    if (name && fault) {
        import_record_fault(sink, where, "the option's name", fault);
    } else if (name) {
        char *text = ctl_memory_copy(option.bytes, option.size);
        if (!import_record_limit(sink, where, name, text, value)) {
            import_record_fault(sink, where, "the option", "is none that turnpike knows of");
        }
        free(text);
    }
    free(name);
}

void import_record_origin(const struct import_sink *sink, const char *where, struct span realm)
{
    if (is_wanted(sink, realm)) {
        sink->skip(sink->context, where,
                   "turnpike chooses no realm by origin; give each realm a listener of its own "
                   "(listener { realm = })");
    }
}

void import_record_oauth(const struct import_sink *sink, const char *where)
{
    sink->skip(sink->context, where, "turnpike takes no OAuth tokens (RFC 7635)");
}

void import_record_admin(const struct import_sink *sink, const char *where)
{
    sink->skip(sink->context, where,
               "turnpike has no pages for administrators; make keys for its HTTP interface with "
               "turnpikectl key add");
}
