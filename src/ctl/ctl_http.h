/* ctl_http — one request of HTTP/1.1 and the answer to it, with bounds on everything: what is at
 * the other end of a socket need not be the server.
 * Pure but for the heap. One thread. RFC 9112. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_HTTP_H
#define CTL_CTL_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CTL_HTTP_BODY_MAX = 64 << 20, /* bytes of an answer's body */
    CTL_HTTP_HEAD_MAX = 64 << 10, /* bytes of its head, and of the chunks' own lines */
    CTL_HTTP_LINE_MAX = 8 << 10,  /* bytes of one line */
};

enum ctl_http_verdict {
    CTL_HTTP_MORE,      /* fine so far */
    CTL_HTTP_WHOLE,     /* the answer is complete */
    CTL_HTTP_MALFORMED, /* this is no HTTP/1, or nothing we would believe */
    CTL_HTTP_LARGE,     /* beyond the bounds above */
    CTL_HTTP_CUT,       /* it ended before it was complete */
};

enum ctl_http_phase {
    CTL_HTTP_STATUS,
    CTL_HTTP_FIELDS,
    CTL_HTTP_BODY,    /* `left` bytes to come, or all until the end */
    CTL_HTTP_SIZE,    /* a line with the size of a chunk */
    CTL_HTTP_CHUNK,   /* `left` bytes to come */
    CTL_HTTP_BEHIND,  /* the end of line behind a chunk */
    CTL_HTTP_TRAILER, /* fields behind the last chunk, which nobody wants */
    CTL_HTTP_DONE,
};

struct ctl_http {
    int status;  /* 200 to 599, once the head is read */
    char *body;  /* owned; NUL behind it; NULL: none came */
    size_t size; /* of the body */
    /* The parser's own. */
    enum ctl_http_phase phase;
    size_t room, most; /* of the body */
    size_t head;       /* bytes of lines so far */
    size_t line_size;
    bool has_length, is_chunked;
    uint64_t left;
    char line[CTL_HTTP_LINE_MAX];
};

/* ctl_http_init — an answer of which nothing has come yet, whose body may have `most` bytes
 * (CTL_HTTP_BODY_MAX, but for tests). Never fails. */
void ctl_http_init(struct ctl_http *h, size_t most);

/* ctl_http_fini — forget the answer, wiping its body. Never fails. */
void ctl_http_fini(struct ctl_http *h);

/* ctl_http_take — the next bytes of the answer, in pieces of any size. What comes behind a complete
 * answer is left alone. Returns MORE, WHOLE, MALFORMED or LARGE. */
enum ctl_http_verdict ctl_http_take(struct ctl_http *h, const void *bytes, size_t size);

/* ctl_http_end — the connection has ended. Returns WHOLE, MALFORMED or CUT. */
enum ctl_http_verdict ctl_http_end(struct ctl_http *h);

/* ctl_http_request — the bytes of a request; `path` is encoded already; `body` NULL: there is none.
 * Returns new text, freed with ctl_memory_forget; ends the process when memory is short. */
char *ctl_http_request(const char *method, const char *path, const char *body);

#endif
