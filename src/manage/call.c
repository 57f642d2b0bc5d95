/* call — one request to the management interface. */
/* SPDX-License-Identifier: MIT */
#include "manage/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "store/session.h"

static const char *title_of(int status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 429:
        return "Too Many Requests";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

void call_answer(struct call *call, int status, json_t *body)
{
    call->reply(call, status, body, 0);
    json_decref(body);
}

/* answer_problem — RFC 9457. */
static void answer_problem(struct call *call, int status, const char *detail, unsigned seconds)
{
    json_t *body = json_object();
    json_object_set_new(body, "type", json_string("about:blank"));
    json_object_set_new(body, "title", json_string(title_of(status)));
    json_object_set_new(body, "status", json_integer(status));
    json_object_set_new(body, "detail", session_text(span_of_text(detail)));
    call->reply(call, status, body, seconds);
    json_decref(body);
}

void call_refuse(struct call *call, int status, const char *format, ...)
{
    char detail[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(detail, sizeof(detail), format, values);
    va_end(values);
    answer_problem(call, status, detail, status == 429 || status == 503 ? 1 : 0);
}

void call_refuse_store(struct call *call, const struct store_request *rq)
{
    switch (rq->result) {
    case STORE_TAKEN:
        call_refuse(call, 409, "there is one already");
        break;
    case STORE_NONE:
        call_refuse(call, 404, "there is none");
        break;
    case STORE_DOWN:
        call_refuse(call, 503, "the store cannot be reached at present: %s", rq->why);
        break;
    default:
        call_refuse(call, 500, "the store refuses: %s", rq->why);
        break;
    }
}

bool call_has_only(struct call *call, const char *const *members)
{
    const char *member;
    json_t *value;
    json_object_foreach(call->in, member, value)
    {
        int i = 0;
        while (members[i] && strcmp(members[i], member) != 0) {
            i++;
        }
        if (!members[i]) {
            call_refuse(call, 400, "%.100s: there is no such member here", member);
            return false;
        }
    }
    return true;
}

bool call_text(struct call *call, const char *member, size_t least, size_t most, const char **out)
{
    const json_t *value = json_object_get(call->in, member);
    *out = json_string_value(value);
    if (!value) {
        return true;
    }
    size_t size = json_string_length(value);
    if (!*out || size < least || size > most) {
        call_refuse(call, 400, "%s: write a text of %zu to %zu bytes", member, least, most);
        return false;
    }
    return true;
}

bool call_number(struct call *call, const char *member, int64_t least, int64_t most,
                 int64_t standard, int64_t *out)
{
    const json_t *value = json_object_get(call->in, member);
    *out = value ? json_integer_value(value) : standard;
    if (value && (!json_is_integer(value) || *out < least || *out > most)) {
        call_refuse(call, 400, "%s: write a whole number from %lld to %lld", member,
                    (long long)least, (long long)most);
        return false;
    }
    return true;
}

bool call_query_number(struct call *call, const char *name, int64_t least, int64_t most,
                       int64_t standard, int64_t *out)
{
    const char *text = call->query(call, name);
    char *end;
    *out = standard;
    if (!text) {
        return true;
    }
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end || *out < least || *out > most) {
        call_refuse(call, 400, "%s: write a whole number from %lld to %lld", name, (long long)least,
                    (long long)most);
        return false;
    }
    return true;
}

void call_free(struct call *call)
{
    if (call) {
        json_decref(call->in);
        secret_wipe(call, sizeof(*call));
        free(call);
    }
}
