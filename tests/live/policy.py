# SPDX-License-Identifier: MIT
"""policy.py — knocks at every door with every address that must stay closed."""

import socket
import struct
import sys
import time

from livetest import CLIENT4, CLIENT6, EchoPeer, SERVER4, SERVER6, hears, ok, run, server_namespace
from livetest import udp_socket
from stunclient import BINDING, Client, IPV4, IPV6, Message, family_of

SERVERS = {IPV4: SERVER4, IPV6: SERVER6}
NAMES = {IPV4: "IPv4", IPV6: "IPv6"}
SERVICE_PORT, DEAD_PORT = 9999, 9998
ETH_P_ALL = 3

SPECIAL = (
    "0.0.0.0 0.1.2.3 10.0.0.1 10.78.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 "
    "169.254.169.254 172.16.0.1 172.31.255.254 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 "
    "192.168.0.1 198.18.0.1 198.19.255.254 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 "
    "240.0.0.1 255.255.255.255 "
    ":: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:0.0.0.0 ::ffff:169.254.169.254 ::ffff:192.168.0.1 "
    "::10.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::127.0.0.1 2002:7f00:1::1 "
    "2002:a00:1::1 2001:0:4136:e378:8000:63bf:80ff:fffe 2a00:1450::5efe:127.0.0.1 "
    "2a00:1450::200:5efe:10.0.0.1 fe80::5efe:127.0.0.1 fe80::1 fec0::1 fc00::1 fd00:ec2::254 "
    "fdff::1 ff02::1 ff0e::1 2001:db8::1 3fff::1 100::1 2001:2::1 2001:10::1 2001:20::1 5f00::1"
).split()


class Loopback:
    """Sees what UDP the server's machine sends to itself, by port of destination."""

    def __init__(self):
        with server_namespace():
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
            self.sock.bind(("lo", ETH_P_ALL))

    def ports(self, seconds=0.4):
        """The ports that datagrams went to within this time."""
        seen = set()
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.sock.settimeout(left)
            try:
                packet = self.sock.recv(65535)
            except TimeoutError:
                break
            at = 40 if packet[0] >> 4 == 6 else (packet[0] & 0x0F) * 4
            protocol = packet[6] if packet[0] >> 4 == 6 else packet[9]
            if protocol == socket.IPPROTO_UDP:
                seen.add(struct.unpack("!H", packet[at + 2 : at + 4])[0])
        return seen


LOOPBACK = Loopback()


def special_ranges():
    """T35 special ranges"""
    for family in (IPV4, IPV6):
        hosts = [host for host in SPECIAL if family_of(host) == family]
        with Client(SERVERS[family]) as client:
            client.allocate(family=family)
            through = [host for host in hosts if client.permit(host).error != 403]
            ok(not through, f"T35 CreatePermission refuses {len(hosts)} {NAMES[family]} spellings",
               through)
            through = [host for host in hosts if client.bind(0x4000, (host, 9)).error != 403]
            ok(not through, f"T35 T53 ChannelBind refuses {len(hosts)} {NAMES[family]} spellings",
               through)


def one_bad_peer_among_good():
    """T33 T35 all or nothing"""
    peer = EchoPeer(CLIENT4)
    with Client(SERVER4) as client:
        client.allocate()
        code = client.permit(CLIENT4, "192.168.0.1").error
        passed = client.echoes(peer.address, b"permitted?", seconds=0.4)
        ok((code, passed) == (403, False), "T33 T35 one forbidden peer spoils the whole request")


def loopback_by_send():
    """T35 loopback"""
    with server_namespace():
        services = {IPV4: udp_socket("127.0.0.1", DEAD_PORT), IPV6: udp_socket("::1", DEAD_PORT)}
    for family, service in services.items():
        with Client(SERVERS[family]) as client:
            client.allocate(family=family)
            client.permit(service.getsockname()[0])
            for _ in range(3):
                client.send(service.getsockname()[:2], b"anybody in?")
            ok(hears(service, 0.4) is None, f"T35 T34 {NAMES[family]} loopback hears no Send")
        service.close()


def own_addresses(*classes):
    """Ports of these classes on the server's own addresses."""
    with server_namespace():
        services = {f: udp_socket(SERVERS[f][0], SERVICE_PORT) for f in (IPV4, IPV6)}
    for family in (IPV4, IPV6):
        own = SERVERS[family][0]
        with Client(SERVERS[family]) as client:
            client.allocate(family=family)
            client.permit(own)
            for channel, (words, port) in enumerate(classes, 0x4000):
                LOOPBACK.ports(0.05)
                code = client.bind(channel, (own, port)).error
                for _ in range(3):
                    client.send((own, port), Message(BINDING).encode())
                    client.send_channel(channel, Message(BINDING).encode())
                answer = client.receive(0.3)
                reached = port in LOOPBACK.ports()
                ok(
                    (code, answer, reached) == (403, None, False),
                    f"T35 T53 {NAMES[family]} {words}: ChannelBind 403, Send dropped",
                    f"ChannelBind {code}, answer {answer}, reached {reached}",
                )
        services[family].close()


LISTENER = ("own listener", 3478)
SERVICE = ("another service", SERVICE_PORT)
DEAD = ("a dead port", DEAD_PORT)


def own_ports():
    """T35 ports of the server's own addresses"""
    own_addresses(LISTENER, SERVICE, DEAD)


def own_listener():
    """T35 the server's own listener, its address allowed by the operator"""
    own_addresses(LISTENER)


def relay_to_relay(server, name, sockets):
    """Two clients of different users on these sockets reach each other's relays."""
    family = family_of(server[0])
    users = (("alice", "wonderland"), ("bob", "builder"))
    one, other = (Client(server, *user, sock=sock) for user, sock in zip(users, sockets))
    for client in (one, other):
        client.allocate(family=family)
    codes = one.permit(other.relayed[0][0]).error, other.permit(one.relayed[0][0]).error
    one.send(other.relayed[0], b"by Send")
    heard = other.receive()
    ok(
        (codes, heard) == ((0, 0), (one.relayed[0], b"by Send")),
        f"T49 {name} Send reaches a live relay",
        codes,
        heard,
    )
    code = one.bind(0x4000, other.relayed[0]).error
    one.send_channel(0x4000, b"by channel")
    heard = other.receive()
    ok(
        (code, heard) == (0, (one.relayed[0], b"by channel")),
        f"T49 {name} ChannelData reaches a live relay",
        code,
        heard,
    )
    return one, other


def live_relay():
    """T49 a live relay of another allocation"""
    for family, own in ((IPV4, CLIENT4), (IPV6, CLIENT6)):
        name = NAMES[family]
        sockets = udp_socket(own), udp_socket(own)
        one, other = relay_to_relay(SERVERS[family], name, sockets)
        port = other.relayed[0][1]
        other.refresh(0)
        LOOPBACK.ports(0.05)
        one.send(other.relayed[0], b"by Send")
        one.send_channel(0x4000, b"by channel")
        ok(
            port not in LOOPBACK.ports(),
            f"T35 {name} nothing goes to the port of a relay that has ended",
        )


def one_machine():
    """T49 clients and server on one machine"""
    for host in ("127.0.0.1", "::1"):
        with server_namespace():
            sockets = udp_socket(host), udp_socket(host)
        relay_to_relay((host, 3478), f"on one machine, over {host}:", sockets)


if "whole-network" in sys.argv:
    run(own_listener)
else:
    run(special_ranges, one_bad_peer_among_good, loopback_by_send)
    run(own_ports, live_relay, one_machine)
