/* entropy_os — unpredictable bytes from the kernel. */
/* SPDX-License-Identifier: MIT */
#include "net/entropy_os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/secret.h"

/* Bytes fetched ahead, so that a port or a transaction id costs no system call of its own. They are
 * wiped as they are given out. */
struct ahead {
    uint8_t bytes[256];
    size_t left;
};

static void fetch(uint8_t *out, size_t size)
{
    while (size > 0) {
        ssize_t got = getrandom(out, size, 0);
        if (got > 0) {
            out += got;
            size -= (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            abort(); /* no entropy, no server */
        }
    }
}

static void fill(void *context, void *out, size_t size)
{
    static _Thread_local struct ahead ahead;
    (void)context;
    if (size > sizeof(ahead.bytes)) {
        fetch(out, size);
        return;
    }
    if (size > ahead.left) {
        fetch(ahead.bytes, sizeof(ahead.bytes));
        ahead.left = sizeof(ahead.bytes);
    }
    ahead.left -= size;
    memcpy(out, ahead.bytes + ahead.left, size);
    secret_wipe(ahead.bytes + ahead.left, size);
}

const struct entropy *entropy_os(void)
{
    static const struct entropy os = {NULL, fill};
    return &os;
}

uint32_t entropy_os_u32(uint32_t below)
{
    uint64_t random;
    fill(NULL, &random, sizeof(random));
    return (uint32_t)(random % below);
}
