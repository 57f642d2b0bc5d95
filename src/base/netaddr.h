/* netaddr — a transport address (IP address and port), and the address hidden inside an address.
 * Pure. Any thread. Text goes through base/text; sockaddr is known to net alone. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_NETADDR_H
#define BASE_NETADDR_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

/* The values are those of the STUN address family field, RFC 8489 14.1. */
enum netaddr_family {
    NETADDR_NONE = 0,
    NETADDR_IPV4 = 1,
    NETADDR_IPV6 = 2,
};

/* Unused bytes are zero, so that two equal addresses are equal bytes. */
struct netaddr {
    uint8_t ip[16]; /* network order; an IPv4 address is in the first four */
    uint16_t port;  /* host order */
    uint8_t family; /* enum netaddr_family */
    uint8_t zero;
};
static_assert(sizeof(struct netaddr) == 20, "netaddr is hashed and compared as bytes");

/* The two ends of a relay as types of their own, so that they cannot be swapped. */
struct client_addr {
    struct netaddr a;
};
struct peer_addr {
    struct netaddr a;
};

/* netaddr_ipv4 — an IPv4 transport address; `ip` in host order. Never fails. */
struct netaddr netaddr_ipv4(uint32_t ip, uint16_t port);

/* netaddr_ipv6 — an IPv6 transport address; 16 bytes in network order, copied. Never fails. */
struct netaddr netaddr_ipv6(const uint8_t ip[16], uint16_t port);

/* netaddr_ipv4_value — the IPv4 address in host order; `a` must be IPv4. Never fails. */
uint32_t netaddr_ipv4_value(const struct netaddr *a);

/* netaddr_is_equal — same family, address and port. Never fails. */
bool netaddr_is_equal(const struct netaddr *a, const struct netaddr *b);

/* netaddr_is_same_host — same family and address, whatever the port. Never fails. */
bool netaddr_is_same_host(const struct netaddr *a, const struct netaddr *b);

/* netaddr_is_any — whether the address is the unspecified one (0.0.0.0 or ::). Never fails. */
bool netaddr_is_any(const struct netaddr *a);

/* netaddr_is_loopback — whether the address never leaves the machine: 127.0.0.0/8 or ::1. Never
 * fails. */
bool netaddr_is_loopback(const struct netaddr *a);

/* netaddr_is_link_local — whether an IPv6 address means nothing without its interface: fe80::/10.
 * Never fails. */
bool netaddr_is_link_local(const struct netaddr *a);

/* netaddr_size — bytes of the bare address: 4, 16, or 0 for no family. Never fails. */
unsigned netaddr_size(const struct netaddr *a);

/* netaddr_unmapped — an IPv4-mapped IPv6 address as the IPv4 address it stands for, any other as
 * it is (what a dual-stack socket reports). Never fails. */
struct netaddr netaddr_unmapped(const struct netaddr *a);

/* netaddr_embedded — find the IPv4 address that an IPv6 address carries: mapped, compatible,
 * NAT64 (64:ff9b::/96, and 64:ff9b:1::/48 as a prefix of 48 bits), 6to4, Teredo's client,
 * ISATAP.
 * Returns true with *inner filled (port kept), false when there is none. Never fails. */
bool netaddr_embedded(const struct netaddr *a, struct netaddr *inner);

/* netaddr_parse — read "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or "[2001:db8::1]:80"; a
 * missing port is 0. Returns false, *out untouched, when the text is anything else. */
bool netaddr_parse(const char *text, struct netaddr *out);

#endif
