/* probe_scope — can the whole internet reach this address? */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_scope.h"

#include <stddef.h>

#include "base/prefix.h"

bool probe_scope_is_private(const struct netaddr *a)
{
    static const char *const ranges[] = {
        "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8",
        "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "::/128",
        "::1/128",        "fc00::/7",      "fe80::/10",
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        struct prefix range;
        if (prefix_parse(ranges[i], &range) && prefix_has(&range, a)) {
            return true;
        }
    }
    return false;
}
