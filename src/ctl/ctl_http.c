/* ctl_http — one request of HTTP/1.1 and the answer to it, with bounds on everything. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "ctl/ctl_memory.h"

void ctl_http_init(struct ctl_http *h, size_t most)
{
    *h = (struct ctl_http){.phase = CTL_HTTP_STATUS, .most = most};
}

void ctl_http_fini(struct ctl_http *h)
{
    if (h->body) {
        secret_wipe(h->body, h->room);
        free(h->body);
    }
    h->body = NULL;
    h->size = h->room = 0;
}

/* make_room — for `size` bytes more and a NUL. Old blocks are wiped: answers hold passwords. */
static void make_room(struct ctl_http *h, size_t size)
{
    if (h->size + size < h->room) {
        return;
    }
    size_t room = h->room ? h->room : 4096;
    while (room <= h->size + size) {
        room *= 2;
    }
    char *body = ctl_memory_new(room);
    if (h->body) {
        memcpy(body, h->body, h->size);
        secret_wipe(h->body, h->room);
        free(h->body);
    }
    h->body = body;
    h->room = room;
}

static enum ctl_http_verdict append(struct ctl_http *h, const char *bytes, size_t size)
{
    if (size > h->most - h->size) {
        return CTL_HTTP_LARGE;
    }
    make_room(h, size);
    memcpy(h->body + h->size, bytes, size);
    h->size += size;
    h->body[h->size] = '\0';
    return CTL_HTTP_MORE;
}

/* read_size — a whole number in base 10 or 16, all of the text up to `end`. Returns false when it
 * is none. Saturates far above every bound. */
static bool read_size(const char *text, size_t length, unsigned base, uint64_t *value)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        char low = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 0x20) : text[i];
        const char *digit = low ? strchr(digits, low) : NULL;
        if (!digit || (unsigned)(digit - digits) >= base) {
            return false;
        }
        sum = sum > UINT32_MAX ? sum : sum * base + (uint64_t)(digit - digits);
    }
    *value = sum;
    return length > 0;
}

/* take_status — "HTTP/1.1 200 OK". RFC 9112 4. */
static enum ctl_http_verdict take_status(struct ctl_http *h)
{
    const char *line = h->line;
    uint64_t status;
    bool is_http =
        strncmp(line, "HTTP/1.", 7) == 0 && (line[7] == '0' || line[7] == '1') && line[8] == ' ';
    if (!is_http || !read_size(line + 9, strnlen(line + 9, 3), 10, &status) ||
        (line[12] != ' ' && line[12] != '\0') || status < 100 || status > 599) {
        return CTL_HTTP_MALFORMED;
    }
    h->status = (int)status;
    h->phase = CTL_HTTP_FIELDS;
    return CTL_HTTP_MORE;
}

/* take_field — "Content-Length: 12"; only what says where the body ends is of interest. */
static enum ctl_http_verdict take_field(struct ctl_http *h)
{
    char *colon = strchr(h->line, ':');
    if (!colon || colon == h->line || h->line[0] == ' ' || h->line[0] == '\t') {
        return CTL_HTTP_MALFORMED;
    }
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t length = strlen(value);
    while (length > 0 && strchr(" \t", value[length - 1])) {
        length--;
    }
    if (strcasecmp(h->line, "Content-Length") == 0) {
        uint64_t before = h->left;
        if (!read_size(value, length, 10, &h->left) || (h->has_length && before != h->left)) {
            return CTL_HTTP_MALFORMED;
        }
        h->has_length = true;
    } else if (strcasecmp(h->line, "Transfer-Encoding") == 0) {
        if (h->is_chunked || length != 7 || strncasecmp(value, "chunked", 7) != 0) {
            return CTL_HTTP_MALFORMED; /* nobody asked for another */
        }
        h->is_chunked = true;
    }
    return CTL_HTTP_MORE;
}

/* take_head_end — the empty line. RFC 9112 6.3. */
static enum ctl_http_verdict take_head_end(struct ctl_http *h)
{
    if (h->status < 200) { /* 100 Continue: the answer proper comes behind */
        if (h->status == 101 || h->has_length || h->is_chunked) {
            return CTL_HTTP_MALFORMED;
        }
        h->phase = CTL_HTTP_STATUS;
        return CTL_HTTP_MORE;
    }
    if (h->has_length && h->is_chunked) {
        return CTL_HTTP_MALFORMED; /* somebody smuggles */
    }
    if (h->has_length && h->left > h->most) {
        return CTL_HTTP_LARGE;
    }
    bool is_empty = h->status == 204 || h->status == 304 || (h->has_length && h->left == 0);
    h->phase = is_empty ? CTL_HTTP_DONE : h->is_chunked ? CTL_HTTP_SIZE : CTL_HTTP_BODY;
    return CTL_HTTP_MORE;
}

/* take_chunk_size — "1a;extension". RFC 9112 7.1. */
static enum ctl_http_verdict take_chunk_size(struct ctl_http *h)
{
    size_t length = strcspn(h->line, "; \t");
    if (!read_size(h->line, length, 16, &h->left)) {
        return CTL_HTTP_MALFORMED;
    }
    if (h->left > h->most - h->size) {
        return CTL_HTTP_LARGE;
    }
    h->phase = h->left == 0 ? CTL_HTTP_TRAILER : CTL_HTTP_CHUNK;
    return CTL_HTTP_MORE;
}

/* take_line — a whole line, without its end. */
static enum ctl_http_verdict take_line(struct ctl_http *h)
{
    bool is_empty = h->line[0] == '\0';
    switch (h->phase) {
    case CTL_HTTP_STATUS:
        return take_status(h);
    case CTL_HTTP_FIELDS:
        return is_empty ? take_head_end(h) : take_field(h);
    case CTL_HTTP_SIZE:
        return take_chunk_size(h);
    case CTL_HTTP_BEHIND:
        h->phase = CTL_HTTP_SIZE;
        return is_empty ? CTL_HTTP_MORE : CTL_HTTP_MALFORMED;
    default: /* the trailer */
        h->phase = is_empty ? CTL_HTTP_DONE : CTL_HTTP_TRAILER;
        return CTL_HTTP_MORE;
    }
}

/* collect — one byte of a line; a whole one is taken. */
static enum ctl_http_verdict collect(struct ctl_http *h, char c)
{
    if (++h->head > CTL_HTTP_HEAD_MAX || h->line_size + 1 >= sizeof(h->line)) {
        return CTL_HTTP_LARGE;
    }
    if (c == '\0') {
        return CTL_HTTP_MALFORMED;
    }
    if (c != '\n') {
        h->line[h->line_size++] = c;
        return CTL_HTTP_MORE;
    }
    if (h->line_size > 0 && h->line[h->line_size - 1] == '\r') {
        h->line_size--;
    }
    h->line[h->line_size] = '\0';
    h->line_size = 0;
    return take_line(h);
}

/* take_bytes — of the body or a chunk, as many as belong to it. Returns how many. */
static size_t take_bytes(struct ctl_http *h, const char *bytes, size_t size,
                         enum ctl_http_verdict *verdict)
{
    bool is_counted = h->phase == CTL_HTTP_CHUNK || h->has_length;
    if (is_counted && size > h->left) {
        size = (size_t)h->left;
    }
    *verdict = append(h, bytes, size);
    h->left -= is_counted ? size : 0;
    if (is_counted && h->left == 0) {
        h->phase = h->phase == CTL_HTTP_CHUNK ? CTL_HTTP_BEHIND : CTL_HTTP_DONE;
    }
    return size;
}

enum ctl_http_verdict ctl_http_take(struct ctl_http *h, const void *bytes, size_t size)
{
    const char *at = bytes;
    enum ctl_http_verdict verdict = CTL_HTTP_MORE;
    while (size > 0 && verdict == CTL_HTTP_MORE && h->phase != CTL_HTTP_DONE) {
        size_t taken = 1;
        if (h->phase == CTL_HTTP_BODY || h->phase == CTL_HTTP_CHUNK) {
            taken = take_bytes(h, at, size, &verdict);
        } else {
            verdict = collect(h, *at);
        }
        at += taken;
        size -= taken;
    }
    return verdict == CTL_HTTP_MORE && h->phase == CTL_HTTP_DONE ? CTL_HTTP_WHOLE : verdict;
}

enum ctl_http_verdict ctl_http_end(struct ctl_http *h)
{
    bool is_until_end = h->phase == CTL_HTTP_BODY && !h->has_length;
    return h->phase == CTL_HTTP_DONE || is_until_end ? CTL_HTTP_WHOLE : CTL_HTTP_CUT;
}

char *ctl_http_request(const char *method, const char *path, const char *body)
{
    static const char form[] = "%s %s HTTP/1.1\r\n"
                               "Host: turnpike\r\n"
                               "Connection: close\r\n"
                               "Accept: application/json\r\n";
    size_t body_size = body ? strlen(body) : 0;
    size_t room = sizeof(form) + strlen(method) + strlen(path) + body_size + 128;
    char *request = ctl_memory_new(room);
    size_t size = (size_t)snprintf(request, room, form, method, path);
    if (body) {
        size += (size_t)snprintf(request + size, room - size,
                                 "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                                 body_size);
    }
    size += (size_t)snprintf(request + size, room - size, "\r\n");
    memcpy(request + size, body ? body : "", body_size + 1);
    return request;
}
