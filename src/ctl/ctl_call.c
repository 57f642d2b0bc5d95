/* ctl_call — one call of the management interface: JSON there, JSON or a problem back. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "ctl/ctl_clean.h"
#include "ctl/ctl_memory.h"
#include "ctl/ctl_socket.h"

static enum ctl_call_verdict fail(struct ctl_answer *out, const char *why)
{
    struct text t = text_init(out->why, sizeof(out->why));
    text_put(&t, why);
    return CTL_CALL_FAILED;
}

/* refuse — the detail of a problem, or else its status. */
static enum ctl_call_verdict refuse(struct ctl_answer *out)
{
    const json_t *detail = json_object_get(out->json, "detail");
    if (!detail) {
        detail = json_object_get(out->json, "title");
    }
    struct text t = text_init(out->why, sizeof(out->why));
    if (json_is_string(detail) && json_string_length(detail) > 0) {
        char *clean = ctl_clean_new(json_string_value(detail), json_string_length(detail));
        text_put(&t, clean);
        ctl_clean_trim(out->why);
        free(clean);
    } else {
        text_put(&t, "the server answers with status ");
        text_u64(&t, (uint64_t)out->status);
        text_put(&t, " and no reason");
    }
    return CTL_CALL_REFUSED;
}

enum ctl_call_verdict ctl_call_read(int status, const char *body, size_t size,
                                    struct ctl_answer *out)
{
    *out = (struct ctl_answer){.status = status};
    if (body) {
        out->json = json_loadb(body, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    }
    if (out->json && !json_is_object(out->json)) {
        json_decref(out->json);
        out->json = NULL;
    }
    if (status >= 300) {
        return refuse(out);
    }
    if (body && size > 0 && !out->json) {
        return fail(out, "the answer is no JSON object; is this turnpike's control socket?");
    }
    return CTL_CALL_DONE;
}

enum ctl_call_verdict ctl_call(const char *socket, const char *method, const char *path,
                               const json_t *in, struct ctl_answer *out)
{
    struct ctl_http answer;
    char why[CTL_SOCKET_WHY_SIZE];
    struct text t = text_init(why, sizeof(why));
    size_t size = in ? json_dumpb(in, NULL, 0, JSON_COMPACT) : 0;
    char *body = in ? ctl_memory_new(size + 1) : NULL;
    if (body) {
        json_dumpb(in, body, size, JSON_COMPACT);
    }
    char *request = ctl_http_request(method, path, body);
    *out = (struct ctl_answer){.status = 0};
    bool ok = ctl_socket_exchange(socket, request, CTL_SOCKET_SECONDS * 1000, &answer, &t);
    enum ctl_call_verdict verdict =
        ok ? ctl_call_read(answer.status, answer.body, answer.size, out) : fail(out, why);
    ctl_http_fini(&answer);
    ctl_memory_forget(request);
    ctl_memory_forget(body);
    return verdict;
}

void ctl_call_fini(struct ctl_answer *answer)
{
    json_decref(answer->json);
    answer->json = NULL;
}

bool ctl_call_or_say(const char *socket, const char *method, const struct ctl_path *path,
                     const json_t *in, struct ctl_answer *out)
{
    if (ctl_call(socket, method, path->bytes, in, out) == CTL_CALL_DONE) {
        return true;
    }
    fprintf(stderr, "turnpikectl: %s\n", out->why);
    ctl_call_fini(out);
    return false;
}
