# SPDX-License-Identifier: MIT
"""headers.py — looks at IP headers, at the peer, at the client and on the cable."""

import socket
import struct
import time

from livetest import CLIENT4, CLIENT6, SERVER4, SERVER6, ok, run, udp_socket
from stunclient import Client, IPV4, IPV6

# Names that Python's socket module leaves out (linux/in.h, linux/if_ether.h).
IP_RECVTOS = 13
IP_MTU_DISCOVER, PMTUDISC_DONT, PMTUDISC_DO = 10, 0, 2
ETH_P_IP = 0x0800

SERVERS = {IPV4: SERVER4, IPV6: SERVER6}
PEER_HOSTS = {IPV4: CLIENT4, IPV6: CLIENT6}

# DSCP and ECN in one byte: EF with each ECN codepoint, best effort, AF41, CS1.
MARKS = (0xB8, 0xBA, 0x00, 0xB9, 0xBB, 0x01, 0x00, 0x88, 0x22)


class Cable:
    """Sees the IPv4 datagrams that come over the cable from one source port."""

    def __init__(self, port):
        self.port = port
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self.sock.bind(("c0", ETH_P_IP))

    def close(self):
        self.sock.close()

    def flags(self, seconds=1.0):
        """(DF, fragmented) of the next one; None when none comes."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.sock.settimeout(left)
            try:
                packet, origin = self.sock.recvfrom(65535)
            except TimeoutError:
                break
            size = (packet[0] & 0x0F) * 4
            offset = struct.unpack("!H", packet[6:8])[0]
            port = struct.unpack("!H", packet[size : size + 2])[0]
            if origin[2] != socket.PACKET_OUTGOING and port == self.port and not offset & 0x1FFF:
                return bool(offset & 0x4000), bool(offset & 0x2000)
        return None


def dont_fragment():
    """T47 DF"""
    peer = udp_socket(CLIENT4)
    address = peer.getsockname()
    with Client(SERVER4) as client:
        client.sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DONT)
        code = client.allocate(dont_fragment=True).error
        ok(code == 0, "T14 T47 an Allocate with DONT-FRAGMENT succeeds", code)
        client.bind(0x4000, address)
        cable = Cable(client.relayed[0][1])

        def flags(size=100, **options):
            client.send(address, bytes(size), **options)
            return cable.flags()

        clear, whole = (False, False), (True, False)
        seen = flags()
        ok(seen == clear, "T47 Send leaves with DF clear", seen)
        seen = flags(dont_fragment=True)
        ok(seen == whole, "T47 Send with DONT-FRAGMENT leaves with DF", seen)
        seen = flags()
        ok(seen == clear, "T47 the next Send leaves with DF clear again", seen)
        client.send_channel(0x4000, bytes(100))
        seen = cable.flags()
        ok(seen == clear, "T47 ChannelData leaves with DF clear", seen)
        seen = flags(size=4000)
        ok(seen == (False, True), "T47 a big Send is fragmented", seen)
        seen = flags(size=4000, dont_fragment=True)
        ok(seen is None, "T47 a big Send with DONT-FRAGMENT is not sent in fragments", seen)
        cable.close()


def watch_marks(sock):
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVTOS, 1)


def set_mark(sock, mark):
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, mark)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, mark)


def next_mark(sock):
    """The DSCP and ECN of the next datagram, and where it came from."""
    sock.settimeout(1.0)
    try:
        _, control, _, source = sock.recvmsg(65535, 256)
    except TimeoutError:
        return None, None
    for level, kind, value in control:
        if (level, kind) == (socket.IPPROTO_IP, socket.IP_TOS):
            return value[0], source
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_TCLASS):
            return struct.unpack("i", value)[0], source
    return None, source


def marks(family):
    """DSCP and ECN there and back, by Send and by channel."""
    name = "IPv4" if family == IPV4 else "IPv6"
    peer = udp_socket(PEER_HOSTS[family])
    address = peer.getsockname()[:2]
    watch_marks(peer)
    with Client(SERVERS[family]) as client:
        watch_marks(client.sock)
        client.allocate(family=family)
        client.permit(address[0])
        for words, bound in (("Send and Data", False), ("a channel", True)):
            if bound:
                client.bind(0x4000, address)
            there, back = [], []
            for mark in MARKS:
                set_mark(client.sock, mark)
                if bound:
                    client.send_channel(0x4000, b"marked")
                else:
                    client.send(address, b"marked")
                seen, relay = next_mark(peer)
                there.append(seen)
                if relay:
                    set_mark(peer, mark ^ 0x28)
                    peer.sendto(b"marked", relay)
                    back.append(next_mark(client.sock)[0])
            ok(there == list(MARKS), f"T48 {name} {words}: DSCP and ECN reach the peer", there)
            right = [mark ^ 0x28 for mark in MARKS]
            ok(back == right, f"T48 {name} {words}: DSCP and ECN reach the client", back)


def marks_ipv4():
    """T48 IPv4"""
    marks(IPV4)


def marks_ipv6():
    """T48 IPv6"""
    marks(IPV6)


run(dont_fragment, marks_ipv4, marks_ipv6)
