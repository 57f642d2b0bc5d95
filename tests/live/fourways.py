# SPDX-License-Identifier: MIT
"""fourways.py — IPv4 and IPv6 on either side of the relay."""

import sys

from livetest import CLIENT4, CLIENT6, EchoPeer, SERVER4, SERVER6, hears, ok, run, udp_socket
from stunclient import ADDITIONAL_ADDRESS_FAMILY, ADDRESS_ERROR_CODE, ALLOCATE, Client, IPV4
from stunclient import EVEN_PORT, IPV6, REQUESTED_ADDRESS_FAMILY, REQUESTED_TRANSPORT, UDP
from stunclient import family_of, family_value

NAMES = {IPV4: "IPv4", IPV6: "IPv6"}
SERVERS = {IPV4: SERVER4, IPV6: SERVER6}
PEER_HOSTS = {IPV4: CLIENT4, IPV6: CLIENT6}
SIZES = (0, 1, 2, 3, 4, 5, 1200, 4000)


def payload(size):
    return bytes(number * 11 & 0xFF for number in range(size))


def one_way(client_family, relay_family):
    """One pair of families; True when all of it held."""
    name = f"{NAMES[client_family]} client, {NAMES[relay_family]} relay"
    peer = EchoPeer(PEER_HOSTS[relay_family])
    with Client(SERVERS[client_family]) as client:
        answer = client.allocate(family=relay_family)
        families = [family_of(host) for host, _ in client.relayed]
        ok(
            (answer.error, families) == (0, [relay_family]),
            f"T60 T01 {name}: allocated",
            answer.error,
            client.relayed,
        )
        code = client.permit(peer.address[0]).error
        wrong = [size for size in SIZES if not client.echoes(peer.address, payload(size))]
        ok(
            code == 0 and not wrong,
            f"T60 T40 T43 T44 {name}: Send and Data",
            f"permission {code}, sizes lost: {wrong}",
        )
        code = client.bind(0x4000, peer.address).error
        wrong = [s for s in SIZES if not client.echoes(peer.address, payload(s), channel=0x4000)]
        ok(
            code == 0 and not wrong,
            f"T60 T50 T58 {name}: channel",
            f"channel {code}, sizes lost: {wrong}",
        )
        with udp_socket(PEER_HOSTS[relay_family]) as sock:
            client.send(sock.getsockname()[:2], b"who sends?")
            heard = hears(sock)
            ok(
                heard == (b"who sends?", client.relayed[0]),
                f"T60 {name}: the peer sees the relayed address",
                heard,
                client.relayed,
            )
        other = IPV4 if relay_family == IPV6 else IPV6
        code = client.permit(PEER_HOSTS[other]).error
        ok(code == 443, f"T33 {name}: a peer of the other family is refused", code)


def four_ways():
    """T60 all four pairs of families"""
    for client_family in (IPV4, IPV6):
        for relay_family in (IPV4, IPV6):
            one_way(client_family, relay_family)


def family_by_default():
    """T08 no family asked for means IPv4, for an IPv6 client too"""
    with Client(SERVER6) as client:
        client.allocate()
        families = [family_of(host) for host, _ in client.relayed]
        ok(families == [IPV4], "T08 no family asked for means IPv4, for an IPv6 client too")


def both_relays():
    """T09 two relays in one allocation"""
    peers = [EchoPeer(CLIENT4), EchoPeer(CLIENT6)]
    with Client(SERVER4) as client:
        answer = client.allocate(additional=IPV6)
        families = sorted(family_of(host) for host, _ in client.relayed)
        ok(
            (answer.error, families) == (0, [IPV4, IPV6]),
            "T09 an allocation with two relayed addresses",
            answer.error,
            client.relayed,
        )
        codes = [client.permit(*(peer.address[0] for peer in peers)).error]
        codes += [client.bind(0x4000 + at, peer.address).error for at, peer in enumerate(peers)]
        sent = [client.echoes(peer.address, b"sent") for peer in peers]
        bound = [
            client.echoes(peer.address, b"bound", channel=0x4000 + at)
            for at, peer in enumerate(peers)
        ]
        ok(
            all(sent + bound) and not any(codes),
            "T09 T60 both relays of it pass data, Send and channels",
            f"codes {codes}, Send {sent}, channels {bound}",
        )
        code = client.refresh(0, family=IPV6).error
        alive = [client.echoes(peer.address, b"again", seconds=0.5) for peer in peers]
        ok(
            (code, alive) == (0, [True, False]),
            "T09 Refresh 0 of one family ends that relay alone",
            code,
            alive,
        )
        codes = client.refresh(600, family=IPV6).error, client.refresh(600, family=IPV4).error
        ok(codes == (443, 0), "T23 Refresh of a family it has not any more: 443", codes)
        code = client.refresh(0).error
        alive = client.echoes(peers[0].address, b"gone?", seconds=0.5)
        ok((code, alive) == (0, False), "T09 Refresh 0 without a family ends what is left")


def contradictions():
    """T10 family attributes that contradict each other: 400"""
    transport = (REQUESTED_TRANSPORT, bytes([UDP, 0, 0, 0]))
    also6 = (ADDITIONAL_ADDRESS_FAMILY, family_value(IPV6))
    for words, attributes in (
        ("both attributes", [(REQUESTED_ADDRESS_FAMILY, family_value(IPV4)), also6]),
        ("additional IPv4", [(ADDITIONAL_ADDRESS_FAMILY, family_value(IPV4))]),
        ("additional with a reserved port", [also6, (EVEN_PORT, b"\x80")]),
    ):
        with Client(SERVER4) as client:
            code = client.request(ALLOCATE, [transport, *attributes]).error
            ok(code == 400, f"T10 {words}: 400", code)


def ipv4_only():
    """T07 a server that relays over IPv4 only"""
    with Client(SERVER4) as client:
        code = client.allocate(family=IPV6).error
        ok(code == 440, "T07 a family the server does not relay: 440", code)
    peer = EchoPeer(CLIENT4)
    with Client(SERVER4) as client:
        answer = client.allocate(additional=IPV6)
        error = answer.first(ADDRESS_ERROR_CODE) or bytes(4)
        code = error[2] * 100 + error[3]
        families = [family_of(host) for host, _ in client.relayed]
        client.permit(peer.address[0])
        ok(
            (families, error[0], code) == ([IPV4], IPV6, 440)
            and client.echoes(peer.address, b"one is enough"),
            "T09 one relay, and an ADDRESS-ERROR-CODE of 440 for the other",
            answer.error,
            families,
            error,
        )


def new_family_for_ipv6_client():
    """T60 an IPv6 client still gets an IPv4 relay"""
    peer = EchoPeer(CLIENT4)
    with Client(SERVER6) as client:
        client.allocate()
        client.permit(peer.address[0])
        ok(client.echoes(peer.address, b"hello"), "T60 an IPv6 client still gets an IPv4 relay")


if "ipv4-only" in sys.argv:
    run(ipv4_only, new_family_for_ipv6_client)
else:
    run(four_ways, family_by_default, both_relays, contradictions)
