/* steer — which worker a client belongs to. */
/* SPDX-License-Identifier: MIT */
#include "net/steer.h"

#include <linux/filter.h>
#include <sys/socket.h>

/* hash = (w0 ^ w1 ^ w2 ^ w3 ^ port * SPREAD) * MIX >> 16, worker = hash % workers, where the words
 * are those of the address in network order; an IPv4 address has one. */
#define SPREAD UINT32_C(0x9e3779b1)
#define MIX UINT32_C(0x85ebca6b)

enum { SHIFT = 16, IPV4_SOURCE = 12, IPV4_PORT = 20, IPV6_SOURCE = 8, IPV6_PORT = 40 };

unsigned steer_owner(const struct netaddr *client, unsigned workers)
{
    uint32_t hash = client->port * SPREAD;
    for (unsigned i = 0; i < netaddr_size(client); i += 4) {
        hash ^= (uint32_t)client->ip[i] << 24 | (uint32_t)client->ip[i + 1] << 16 |
                (uint32_t)client->ip[i + 2] << 8 | client->ip[i + 3];
    }
    return (hash * MIX >> SHIFT) % workers;
}

static struct sock_filter step(uint16_t code, uint32_t value)
{
    return (struct sock_filter){.code = code, .k = value};
}

bool steer_attach(int fd, enum netaddr_family family, unsigned workers)
{
    struct sock_filter code[24];
    unsigned n = 0;
    bool is_ipv6 = family == NETADDR_IPV6;
    uint32_t net = (uint32_t)SKF_NET_OFF;
    code[n++] = step(BPF_LD | BPF_H | BPF_ABS, net + (is_ipv6 ? IPV6_PORT : IPV4_PORT));
    code[n++] = step(BPF_ALU | BPF_MUL | BPF_K, SPREAD);
    for (uint32_t i = 0; i < (is_ipv6 ? 4u : 1u); i++) {
        code[n++] = step(BPF_MISC | BPF_TAX, 0);
        code[n++] =
            step(BPF_LD | BPF_W | BPF_ABS, net + (is_ipv6 ? IPV6_SOURCE : IPV4_SOURCE) + 4 * i);
        code[n++] = step(BPF_ALU | BPF_XOR | BPF_X, 0);
    }
    code[n++] = step(BPF_ALU | BPF_MUL | BPF_K, MIX);
    code[n++] = step(BPF_ALU | BPF_RSH | BPF_K, SHIFT);
    code[n++] = step(BPF_ALU | BPF_MOD | BPF_K, workers);
    code[n++] = step(BPF_RET | BPF_A, 0);
    struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) == 0;
}
