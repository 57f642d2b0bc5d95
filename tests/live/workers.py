# SPDX-License-Identifier: MIT
"""workers.py — many clients, and datagrams whose headers lead a fixed look at them astray."""

import socket

from livetest import CLIENT4, CLIENT6, EchoPeer, SERVER4, SERVER6, ok, run
from stunclient import ALLOCATE, Client, IPV6

CLIENTS, CLIENTS6 = 200, 60
CHANNEL = 0x4000

NO_OPERATION = b"\x01"
IPV6_DESTINATION_PADDING = b"\x00\x00\x01\x04\x00\x00\x00\x00"


def crowd(server, number, peer, family=None):
    """So many clients with an allocation and a channel, and the codes that were not 0."""
    clients, codes = [], []
    first = Client(server)
    first.learn(first.request(ALLOCATE, authenticated=False))
    for _ in range(number):
        client = Client(server)
        client.realm, client.nonce = first.realm, first.nonce
        codes += [client.allocate(family=family).error, client.bind(CHANNEL, peer.address).error]
        clients.append(client)
    first.close()
    return clients, [code for code in codes if code]


def lost(clients, peer, channel=CHANNEL):
    """How many of the clients do not hear their echo."""
    for client in clients:
        data = b"%d" % client.sock.getsockname()[1]
        if channel is None:
            client.send(peer.address, data)
        else:
            client.send_channel(channel, data)
    missing = 0
    for client in clients:
        own = b"%d" % client.sock.getsockname()[1]
        missing += client.receive(1.0) != (peer.address, own)
    return missing


def give_back(clients):
    left = [client.refresh(0).error for client in clients]
    for client in clients:
        client.close()
    return [code for code in left if code]


def ipv4():
    """IPv4 clients"""
    peer = EchoPeer(CLIENT4)
    clients, codes = crowd(SERVER4, CLIENTS, peer)
    missing = lost(clients, peer)
    ok(not codes and missing == 0, f"{CLIENTS} clients are served", codes, f"{missing} lost")

    for size in (4, 12, 40):
        for client in clients:
            client.sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, NO_OPERATION * size)
        missing = lost(clients, peer), lost(clients, peer, channel=None)
        ok(
            missing == (0, 0),
            f"{size} bytes of IPv4 options: channels and Send still pass",
            f"{missing} of {CLIENTS} lost",
        )
    codes = [code for code in (client.refresh(600).error for client in clients) if code]
    ok(not codes, "requests with IPv4 options are answered", codes)
    left = give_back(clients)
    ok(not left, "every allocation is found again at its end", left)


def ipv6():
    """IPv6 clients"""
    peer = EchoPeer(CLIENT6)
    clients, codes = crowd(SERVER6, CLIENTS6, peer, family=IPV6)
    for client in clients:
        client.sock.setsockopt(
            socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, IPV6_DESTINATION_PADDING
        )
    missing = lost(clients, peer)
    ok(
        not codes and missing == 0,
        "IPv6 destination options: channels still pass",
        codes,
        f"{missing} of {CLIENTS6} lost",
    )
    give_back(clients)


run(ipv4, ipv6)
