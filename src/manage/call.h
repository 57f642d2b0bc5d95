/* call — one request to the management interface, whoever carried it: what is asked, by whom, and
 * the one place answers and refusals are made.
 * Control thread. A call is answered once, at once or later; then it is gone. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_CALL_H
#define MANAGE_CALL_H

#include <jansson.h>

#include "store/api_key.h"
#include "store/store.h"

struct desk;
struct desk_realm;

enum { CALL_NAME_MAX = 1024 };

struct call {
    struct desk *desk;
    enum api_key_role role;
    char key[API_KEY_ID_SIZE + 1];                /* of whoever asks; "": over the control socket */
    char tenant[RIGHTS_TENANT_MAX + 1];           /* the only one the key is for; "": any */
    char only_realm[SETTINGS_REALM_NAME_MAX + 1]; /* likewise */
    const struct desk_realm *realm;               /* the one that is meant */
    char name[CALL_NAME_MAX + 1];                 /* from the path, decoded; may hold NULs */
    size_t name_size;
    char more[CALL_NAME_MAX + 1]; /* a second one */
    size_t more_size;
    json_t *in; /* the body, an object; owned */
    /* query — a parameter of the URL, decoded, borrowed; NULL: it is not there. */
    const char *(*query)(const struct call *call, const char *name);
    /* reply — carry the answer to whoever asked, and free the call. `body` borrowed, NULL: none;
     * `seconds` to wait before trying again, 0: nothing is said of it. */
    void (*reply)(struct call *call, int status, json_t *body, unsigned seconds);
};

/* call_answer — answer with a status and a body, which is taken; NULL for none, or for one that
 * memory was short for, told apart by the status. */
void call_answer(struct call *call, int status, json_t *body);

/* call_refuse — answer with an error and one sentence. */
void call_refuse(struct call *call, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* call_refuse_store — answer for what the store did not do: 503 when it is away, 409 for what is
 * there already, 500 with its sentence else. */
void call_refuse_store(struct call *call, const struct store_request *rq);

/* call_has_only — whether the body has no members but those of `members`, a list ended by NULL;
 * else it is refused. */
bool call_has_only(struct call *call, const char *const *members);

/* call_text — a text member, borrowed, of `least` to `most` bytes; *out NULL when it is not there.
 * Returns false when it is something else, which was refused. */
bool call_text(struct call *call, const char *member, size_t least, size_t most, const char **out);

/* call_number — a whole number from `least` to `most`; `standard` when it is not there. Returns
 * false when it is something else, which was refused. */
bool call_number(struct call *call, const char *member, int64_t least, int64_t most,
                 int64_t standard, int64_t *out);

/* call_query_number — the same for a parameter of the URL. */
bool call_query_number(struct call *call, const char *name, int64_t least, int64_t most,
                       int64_t standard, int64_t *out);

/* call_free — forget it; NULL is taken. */
void call_free(struct call *call);

#endif
