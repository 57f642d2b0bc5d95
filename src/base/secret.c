/* secret — comparing and forgetting bytes that an attacker must not learn. */
/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <stdint.h>
#include <string.h>

bool secret_is_equal(const void *a, const void *b, size_t size)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t differ = 0;
    for (size_t i = 0; i < size; i++) {
        differ |= (uint8_t)(x[i] ^ y[i]);
    }
    return differ == 0;
}

void secret_wipe(void *bytes, size_t size)
{
    explicit_bzero(bytes, size);
}
