/* plan — who lives where in the simulated network. */
/* SPDX-License-Identifier: MIT */
#include "sim/plan.h"

#include <string.h>

/* The first bytes of everybody's address. */
static const struct {
    const char *text;
    uint8_t size;
} prefix[PLAN_KINDS][2] = {
    [PLAN_PUBLIC] = {{"\x14", 1}, {"\x2a\x01\x00\x20", 4}},
    [PLAN_PRIVATE] = {{"\x0a\x01", 2}, {"\xfd\x00\x00\x01", 4}},
    [PLAN_BANNED] = {{"\x16", 1}, {"\x2a\x01\x00\x22", 4}},
    [PLAN_DISGUISED] = {{"\x0a\x01", 2}, {"\x20\x02\x0a\x01", 4}}, /* 6to4; there is no IPv4 one */
    [PLAN_MAPPED] = {{"\x0a\x01", 2}, {"\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x01", 14}},
};

static struct netaddr address(enum netaddr_family family, const void *first, size_t size,
                              uint32_t last, uint16_t port)
{
    struct netaddr a = {.family = (uint8_t)family, .port = port};
    unsigned width = family == NETADDR_IPV4 ? 4 : 16;
    for (unsigned i = 0; i < 4 && i + size < width; i++) {
        a.ip[width - 1 - i] = (uint8_t)(last >> 8 * i);
    }
    memcpy(a.ip, first, size);
    return a;
}

struct netaddr plan_visitor(uint32_t i, uint32_t life, enum netaddr_family family)
{
    uint16_t port = (uint16_t)(1024 + (i * 31 + life * 7919) % 60000);
    return family == NETADDR_IPV4 ? address(family, "\x0b", 1, i * 97, port)
                                  : address(family, "\x2a\x00\x00\x11", 4, i * 97, port);
}

struct netaddr plan_peer(enum plan_kind kind, enum netaddr_family family, uint32_t i)
{
    return address(family, prefix[kind][family - 1].text, prefix[kind][family - 1].size, i + 1,
                   (uint16_t)(PLAN_PEER_PORT + i % 7));
}

struct netaddr plan_local(enum netaddr_family family)
{
    return family == NETADDR_IPV4 ? address(family, "\x05\x05\x05", 3, 5, 0)
                                  : address(family, "\x2a\x02", 2, 5, 0);
}

struct netaddr plan_external(enum netaddr_family family)
{
    return family == NETADDR_IPV4 ? address(family, "\x06\x06\x06", 3, 6, 0)
                                  : address(family, "\x2a\x03", 2, 6, 0);
}

enum plan_kind plan_kind(const struct netaddr *a)
{
    enum netaddr_family family = (enum netaddr_family)a->family;
    struct netaddr local = plan_local(family);
    struct netaddr external = plan_external(family);
    if (netaddr_is_same_host(a, &local) || netaddr_is_same_host(a, &external)) {
        return PLAN_OWN;
    }
    for (enum plan_kind kind = PLAN_PRIVATE; kind < PLAN_OWN; kind++) {
        if (memcmp(a->ip, prefix[kind][family - 1].text, prefix[kind][family - 1].size) == 0) {
            return kind;
        }
    }
    return PLAN_PUBLIC;
}
