/* settings — what the engine is told by the configuration. */
/* SPDX-License-Identifier: MIT */
#include "engine/settings.h"

int settings_realm_number(const struct settings *settings, struct span name)
{
    for (int i = 0; i < settings->realm_count; i++) {
        const struct settings_realm *realm = &settings->realm[i];
        struct span own = {(const uint8_t *)realm->name, realm->name_size};
        if (!realm->is_gone && span_is_equal(name, own)) {
            return i;
        }
    }
    return -1;
}
