/* fuzz_hello — any bytes as a TLS and as a DTLS hello: whatever is found lies within them, what
 * comes behind a TLS hello changes nothing, and a HelloVerifyRequest is smaller than its hello. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "wire/hello.h"

enum { COOKIE = 20, LEAST_DATAGRAM = HELLO_VERIFY_SIZE + COOKIE + 1 };

typedef enum hello_verdict (*read_function)(const uint8_t *, size_t, struct hello *);

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* What was found, as places in the bytes. */
struct found {
    enum hello_verdict verdict;
    size_t size, random_at, session_at, session_size, cookie_size, name_at, name_size;
};

/* place — of a span that was found, which lies within the bytes. */
static size_t place(struct span s, const uint8_t *bytes, size_t size)
{
    if (s.size == 0) {
        return 0;
    }
    insist(s.bytes >= bytes && s.size <= size && s.bytes <= bytes + size - s.size);
    return (size_t)(s.bytes - bytes);
}

/* look — at `size` bytes, in a block of exactly that size. */
static struct found look(read_function read, const uint8_t *bytes, size_t size)
{
    struct hello hello;
    uint8_t *copy = malloc(size ? size : 1);
    insist(copy != NULL);
    memcpy(copy, bytes, size);
    struct found f = {.verdict = read(copy, size, &hello)};
    f.size = hello.size;
    if (f.verdict == HELLO_OK) {
        insist(hello.random.size == HELLO_RANDOM_SIZE && hello.size <= size);
        f.random_at = place(hello.random, copy, size);
        f.session_at = place(hello.session, copy, size);
        f.session_size = hello.session.size;
        f.cookie_size = hello.cookie.size;
        (void)place(hello.cookie, copy, size);
        f.name_at = place(hello.name, copy, size);
        f.name_size = hello.name.size;
    }
    free(copy);
    return f;
}

static void insist_same(const struct found *a, const struct found *b)
{
    insist(a->verdict == b->verdict && a->size == b->size && a->random_at == b->random_at);
    insist(a->session_at == b->session_at && a->session_size == b->session_size);
    insist(a->name_at == b->name_at && a->name_size == b->name_size);
}

static void check_tls(const uint8_t *bytes, size_t size)
{
    struct found whole = look(hello_read_tls, bytes, size);
    if (whole.verdict == HELLO_MORE) {
        insist(whole.size > size && whole.size <= HELLO_SIZE_MAX);
    }
    if (whole.verdict != HELLO_OK) {
        return;
    }
    insist(whole.cookie_size == 0);
    struct found alone = look(hello_read_tls, bytes, whole.size);
    insist_same(&whole, &alone);
    for (size_t cut = 0; cut < whole.size; cut += cut < 16 ? 1 : 31) {
        insist(look(hello_read_tls, bytes, cut).verdict == HELLO_MORE);
    }
}

static void check_dtls(const uint8_t *bytes, size_t size)
{
    struct hello hello;
    uint8_t answer[HELLO_VERIFY_SIZE + HELLO_COOKIE_MAX];
    static const uint8_t cookie[COOKIE];
    struct found f = look(hello_read_dtls, bytes, size);
    insist(f.verdict != HELLO_MORE);
    if (f.verdict == HELLO_OK && hello_read_dtls(bytes, size, &hello) == HELLO_OK) {
        struct writer w = writer_init(answer, sizeof(answer));
        insist(size >= LEAST_DATAGRAM);
        hello_write_verify(&w, &hello, (struct span){cookie, sizeof(cookie)});
        insist(writer_is_ok(&w) && w.used == HELLO_VERIFY_SIZE + COOKIE);
        insist(memcmp(answer + 5, bytes + 5, sizeof(hello.sequence)) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size <= HELLO_SIZE_MAX) {
        check_tls(bytes, size);
        check_dtls(bytes, size);
    }
    return 0;
}
