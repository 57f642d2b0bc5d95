# SPDX-License-Identifier: MIT
"""icmp.py — one peer that echoes, and one whose port is closed."""

import struct
import sys

from livetest import CLIENT4, CLIENT6, EchoPeer, SERVER4, SERVER6, ok, run, udp_socket
from stunclient import Client, DATA, DATA_VALUE, ICMP, IPV4, IPV6, Message, XOR_PEER_ADDRESS

FAMILIES = (
    (IPV4, "IPv4", SERVER4, CLIENT4, (3, 3)),  # destination unreachable, port
    (IPV6, "IPv6", SERVER6, CLIENT6, (1, 4)),
)
ROUNDS = 200
LIVE_CHANNEL, DEAD_CHANNEL = 0x4000, 0x4001


def closed_port(host):
    """An address where nobody listens."""
    with udp_socket(host) as sock:
        return sock.getsockname()[:2]


def session(family, server, host):
    """A client with a peer that is there and one that is not."""
    live, dead = EchoPeer(host), closed_port(host)
    client = Client(server)
    client.allocate(family=family)
    client.permit(host)
    return client, live, dead


def others_unhurt(client, live, dead, channels):
    """How many echoes of the live peer are missing between errors of the dead one."""
    missing = 0
    for number in range(ROUNDS):
        data = b"%d" % number
        if channels:
            client.send_channel(DEAD_CHANNEL, b"nobody in?")
            client.send_channel(LIVE_CHANNEL, data)
        else:
            client.send(dead, b"nobody in?")
            client.send(live.address, data)
        heard = client.receive(0.5)
        while heard and heard[1] is None:  # the news of the error
            heard = client.receive(0.5)
        missing += heard != (live.address, data)
    return missing


def silent():
    """T46 by default"""
    for family, name, server, host, _ in FAMILIES:
        client, live, dead = session(family, server, host)
        missing = others_unhurt(client, live, dead, channels=False)
        ok(missing == 0, f"T46 {name} Send: no other datagram is lost", f"{missing} of {ROUNDS}")
        client.bind(LIVE_CHANNEL, live.address)
        client.bind(DEAD_CHANNEL, dead)
        missing = others_unhurt(client, live, dead, channels=True)
        ok(missing == 0, f"T46 {name} channels: no other datagram is lost", f"{missing}")
        client.send(dead, b"nobody in?")
        heard = client.receive(0.5)
        code = client.refresh(600).error
        ok(
            (heard, code) == (None, 0),
            f"T46 {name} by default the client hears nothing of it, and lives",
            heard,
            code,
        )


def told():
    """T46 where the operator wants it"""
    for family, name, server, host, (kind, code) in FAMILIES:
        client, live, dead = session(family, server, host)
        client.bind(DEAD_CHANNEL, dead)
        client.send_channel(DEAD_CHANNEL, b"nobody in?")
        message = Message.decode(client.read(1.0) or b"")
        right = (
            message is not None
            and message.method == DATA
            and message.address(XOR_PEER_ADDRESS)[0] == dead[0]
            and message.first(ICMP) == struct.pack("!HHI", 0, kind << 9 | code, 0)
            and message.first(DATA_VALUE) is None
        )
        ok(
            right,
            f"T46 {name} a Data indication tells of it, though a channel is bound",
            message and message.attributes,
        )
        missing = others_unhurt(client, live, dead, channels=False)
        ok(missing == 0, f"T46 {name} and no other datagram is lost", f"{missing} of {ROUNDS}")


run(told if "told" in sys.argv else silent)
