# SPDX-License-Identifier: MIT
"""strangers.py — the strangers of strangers.sh, what they leave behind in the server, and real
clients that come all the while."""

import os
import resource
import socket
import ssl
import struct
import sys
import threading
import time

from dtlsclient import Dtls, Refused
from livetest import CLIENT4, EchoPeer, SERVER4, eventually, hears, note, ok, resident_bytes
from livetest import run, server_pid, skip, udp_socket
from streamclient import Closed, NAME, StreamClient, connected, is_closed, tls_context
from stunclient import Client

HELLOS, RECORDS = 5000, 5000
SILENT, WHOLE_HELLOS = 2000, 200  # of TLS; so many say a whole hello, and then no more
ADDRESSES = [f"10.77.0.{number}" for number in (3, 4, 5, 6)]
GROWTH = 4 << 20
PROMISE = 1.0  # seconds: how long a real client may take

SANITIZED = sys.argv[1] == "yes"
PEER = EchoPeer(CLIENT4)

HANDSHAKE, ALERT, CHANGE_CIPHER_SPEC, APPLICATION_DATA = 22, 21, 20, 23
HELLO_VERIFY_REQUEST = 3
DTLS_1_0, DTLS_1_2 = 0xFEFF, 0xFEFD


def record(kind, body, epoch=0, version=DTLS_1_2):
    return struct.pack("!BHHHIH", kind, version, epoch, 0, 0, len(body)) + body


def hello_body():
    """A ClientHello without a cookie, as OpenSSL would send one."""
    suites = struct.pack("!HHH", 0xC02B, 0xC02F, 0x00FF)
    extensions = b"".join(
        (
            struct.pack("!HHHH", 10, 4, 2, 23),  # P-256
            struct.pack("!HHHH", 13, 4, 2, 0x0403),  # ECDSA with SHA-256
            struct.pack("!HHBB", 11, 2, 1, 0),  # points uncompressed
            struct.pack("!HH", 23, 0),  # extended master secret
        )
    )
    return (
        struct.pack("!H", DTLS_1_2)
        + os.urandom(32)
        + b"\0\0"
        + struct.pack("!H", len(suites))
        + suites
        + b"\x01\x00"
        + struct.pack("!H", len(extensions))
        + extensions
    )


def u24(number):
    return struct.pack("!I", number)[1:]


def handshake(body, first=0, size=None):
    """A ClientHello message, or a fragment of one."""
    part = body if size is None else body[first : first + size]
    head = b"\x01" + u24(len(body)) + b"\0\0" + u24(first) + u24(len(part))
    return record(HANDSHAKE, head + part, version=DTLS_1_0)


def hello():
    return handshake(hello_body())


# ---------------------------------------------------------------- real clients


class Real(threading.Thread):
    """A real client that comes anew, again and again, over one transport: how long it took."""

    def __init__(self, way):
        super().__init__(daemon=True)
        self.way = way
        self.worst, self.count, self.failed = 0.0, 0, []
        self.is_over = False
        self.start()

    def _come(self):
        if self.way == "udp":
            client = Client(SERVER4)
        elif self.way == "dtls":
            client = Client(SERVER4, sock=Dtls(SERVER4))
        else:
            client = StreamClient(SERVER4, tls=self.way == "tls")
        with client:
            address = client.binding()
            if self.way == "dtls":
                client.sock.say_end()  # else the session would stay for its time
            return address

    def run(self):
        while not self.is_over:
            start = time.monotonic()
            try:
                if self._come() is None:
                    self.failed.append("no address")
            except (OSError, Closed, Refused) as error:
                self.failed.append(error)
            self.worst = max(self.worst, time.monotonic() - start)
            self.count += 1
            time.sleep(0.05)

    def report(self):
        self.is_over = True
        self.join()
        note(f"{self.way}: {self.count} clients, the slowest after {self.worst * 1000:.0f} ms")
        ok(
            not self.failed and self.count > 10,
            f"real clients are served all the while, {self.way}",
            f"{len(self.failed)} of {self.count}",
            self.failed[:3],
        )
        words = f"each within {PROMISE:.0f} s, {self.way}"
        if SANITIZED:
            skip(words, "a sanitizer's speed says nothing")
        else:
            ok(self.worst < PROMISE, words, f"{self.worst:.2f} s")


# ---------------------------------------------------------------- strangers


def from_many_ports(datagrams, listens=False):
    """Each from a port of its own, at a pace that the server's socket can take. How many were
    answered, and the longest answer, when listening."""
    answers, longest = 0, b""
    for number, data in enumerate(datagrams):
        with udp_socket(ADDRESSES[number % len(ADDRESSES)]) as sock:
            sock.connect(SERVER4)
            sock.send(data)
            if listens and number % 10 == 0 and (heard := hears(sock, 1.0)):
                answers += 1
                longest = max(longest, heard[0], key=len)
        if number % 20 == 19:
            time.sleep(0.004)
    return answers, longest


def hellos():
    """DTLS hellos without a cookie"""
    answers, longest = from_many_ports((hello() for _ in range(HELLOS)), listens=True)
    asks_for_cookie = longest[13:14] == bytes([HELLO_VERIFY_REQUEST])
    ok(
        answers >= HELLOS // 10 * 0.95 and asks_for_cookie,
        f"S68 {HELLOS} hellos without a cookie are asked for one",
        answers,
        longest.hex(),
    )
    ok(0 < len(longest) < len(hello()), "S60 by less than they sent", len(longest))


def stray_records():
    """records of no session"""
    body = hello_body()
    half = len(body) // 2
    strays = (
        lambda: record(APPLICATION_DATA, os.urandom(60), epoch=1),
        lambda: record(ALERT, b"\x01\x00"),
        lambda: record(ALERT, os.urandom(26), epoch=1),
        lambda: record(CHANGE_CIPHER_SPEC, b"\x01"),
        lambda: handshake(body, 0, half),
        lambda: handshake(body, half, len(body)),
        lambda: record(HANDSHAKE, os.urandom(40), epoch=1),
        lambda: hello()[:30],
    )
    answers, longest = from_many_ports(
        (strays[(number // 10) % len(strays)]() for number in range(RECORDS // 2)), listens=False
    )
    heard = []
    for stray in strays:
        with udp_socket(CLIENT4) as sock:
            sock.sendto(stray(), SERVER4)
            heard.append(hears(sock, 0.3))
    from_many_ports(strays[number % len(strays)]() for number in range(RECORDS // 2))
    ok(
        (answers, longest) == (0, b"") and not any(heard),
        f"S68 {RECORDS} records of no session are not answered",
        heard,
    )
    with udp_socket(CLIENT4) as sock:
        sock.sendto(handshake(body, 0, half), SERVER4)
        sock.sendto(handshake(body, half, len(body)), SERVER4)
        answer = hears(sock, 0.5)
        ok(answer is None, "S68 a hello in fragments is not put together", answer)
        sock.sendto(hello(), SERVER4)
        ok(hears(sock) is not None, "S68 a whole one from there is answered")


def tls_hello():
    """A whole ClientHello."""
    out = ssl.MemoryBIO()
    session = tls_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname=NAME)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def silent_connections():
    """TLS connections that never speak"""
    first_words = tls_hello()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < SILENT + 100:
        skip("TLS connections that never speak", f"{soft} descriptors at most")
        return
    socks, before = [], resident_bytes(server_pid())
    for number in range(SILENT):
        sock = connected(SERVER4, ADDRESSES[number % len(ADDRESSES)])
        if number % 4 == 0:
            sock.sendall(first_words[:60])
        if number % 4 == 1 and number < WHOLE_HELLOS * 4:
            sock.sendall(first_words)
        socks.append(sock)
    held = resident_bytes(server_pid()) - before
    note(f"{SILENT} connections: {held / 1024:.0f} KiB while they are there")
    ended = sum(is_closed(sock, 30) for sock in socks)
    ok(ended == SILENT, f"{SILENT} TLS connections that fall silent are closed", ended)
    for sock in socks:
        sock.close()


def warm_up():
    """What the server needs for a first client of each kind is not at stake."""
    for _ in range(20):
        for opener in (lambda: Dtls(SERVER4), lambda: StreamClient(SERVER4, tls=True)):
            opener().close()
    from_many_ports(hello() for _ in range(50))
    socks = [socket.create_connection(SERVER4) for _ in range(50)]
    for sock in socks:
        sock.close()
    with Client(SERVER4) as client:
        client.binding()


def main():
    with Client(SERVER4) as session:
        session.allocate()
        session.permit(CLIENT4)
        warm_up()
        real = [Real(way) for way in ("udp", "dtls", "tcp", "tls")]
        time.sleep(1)
        before = resident_bytes(server_pid())
        for each in (hellos, stray_records, silent_connections):
            run(each)
            note(f"{each.__name__}: {(resident_bytes(server_pid()) - before) / 1024:.0f} KiB")
        for each in real:
            each.report()
        words = "S68 all of them leave less than 4 MiB behind"
        if SANITIZED:
            skip(words, "a sanitizer's memory says nothing")
        else:
            # The heap's free pages go back every few seconds.
            eventually(lambda: resident_bytes(server_pid()) - before < GROWTH, 15)
            growth = resident_bytes(server_pid()) - before
            note(f"the server grew by {growth / 1024:.0f} KiB")
            ok(growth < GROWTH, words, f"{growth} bytes")
        relays = session.echoes(PEER.address, b"still there?")
        ok(relays, "a session lives through it all")


main()
