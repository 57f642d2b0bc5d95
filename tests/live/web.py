# SPDX-License-Identifier: MIT
"""web.py — web servers in the server's namespace, and browsers, clients and balancers that come
to the ports in front of them."""

import http.server
import os
import pathlib
import random
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

from livetest import CLIENT4, EchoPeer, SERVER4, SERVER6, cpu_seconds, eventually, note, ok, run
from livetest import server_namespace, server_pid
from streamclient import NAME, StreamClient, connected, is_closed, secured, temporary
from streamclient import tls_context
from stunclient import BINDING, Message

WORK = pathlib.Path(sys.argv[1])
AUTHORITY = os.environ["AUTHORITY"]
WWW = "www.north.gov"
BALANCER = "10.77.0.3"
LIMIT = 16
CHANNEL = 0x4000
LARGE = 6 << 20

random.seed(443)
PEER = EchoPeer(CLIENT4)
PAGE = b"<!doctype html><title>north</title>" + random.randbytes(20000)


class Page(http.server.BaseHTTPRequestHandler):
    """GET gives the page, POST gives back what was sent."""

    protocol_version = "HTTP/1.1"

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self._answer(PAGE)

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass


def web_server(port, context=None):
    """One in the server's namespace, for good."""
    with server_namespace():
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Page)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def curl(port, *arguments, name=NAME, address=SERVER4[0], scheme="https"):
    """What curl fetches, or its exit status."""
    host = f"[{address}]" if ":" in address else address
    done = subprocess.run(
        [
            "curl",
            "--silent",
            "--max-time",
            "20",
            "--cacert",
            AUTHORITY,
            "--resolve",
            f"{name}:{port}:{host}",
            *arguments,
            f"{scheme}://{name}:{port}/",
        ],
        capture_output=True,
        check=False,
        timeout=30,
    )
    return done.returncode if done.returncode else done.stdout


def size_of(result):
    return f"curl ended with {result}" if isinstance(result, int) else f"{len(result)} bytes"


def turn_client(port, name="turn", **more):
    """A client with an allocation and a channel, over TLS."""
    client = StreamClient((SERVER4[0], port), *temporary(name), tls=more.pop("tls", True), **more)
    client.allocate()
    client.bind(CHANNEL, PEER.address)
    return client


# ---------------------------------------------------------------- web


class Beside(threading.Thread):
    """A session that echoes all the while."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.client = turn_client(port, "beside")
        self.count = self.lost = 0
        self.is_over = False
        self.start()

    def run(self):
        while not self.is_over:
            data = struct.pack("!I", self.count) + bytes(200)
            self.lost += not self.client.echoes(PEER.address, data, CHANNEL, seconds=5)
            self.count += 1
            time.sleep(0.005)

    def report(self):
        self.is_over = True
        self.join()
        self.client.close()
        ok(
            self.lost == 0 and self.count > 10,
            "a session over the same port relays all the while",
            f"{self.lost} of {self.count} lost",
        )


def pages():
    """HTTPS and TURN on one port"""
    beside = Beside(443)
    for words, arguments in {
        "HTTP/1.1 by ALPN": ("--http1.1",),
        "HTTP/2 offered before it": (),
        "without ALPN": ("--no-alpn",),
        "with TLS 1.2": ("--tls-max", "1.2"),
    }.items():
        got = curl(443, *arguments)
        ok(got == PAGE, f"a page through port 443, {words}", size_of(got))
    got = curl(443, address=SERVER6[0])
    ok(got == PAGE, "a page through port 443, IPv6", size_of(got))
    body = random.randbytes(LARGE)
    (WORK / "body").write_bytes(body)
    for arguments in ((), ("--no-alpn",)):
        got = curl(443, "--data-binary", f"@{WORK / 'body'}", "-H", "Expect:", *arguments)
        words = "without ALPN" if arguments else "with ALPN"
        ok(got == body, f"{LARGE >> 20} MiB to the web server and back, {words}", size_of(got))
    fetched = []
    threads = [
        threading.Thread(target=lambda: fetched.append(curl(443) == PAGE)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ok(fetched == [True] * 8, "eight browsers at once", fetched)
    for offer in (("stun.turn",), ("stun.turn", "http/1.1"), ()):
        words = ", ".join(offer) or "nothing"
        with turn_client(443, tls=tls_context(alpn=offer)) as client:
            echoed = client.echoes(PEER.address, b"hello", CHANNEL)
            ok(echoed, f"A01 TURN through port 443, ALPN {words}")
    with secured(connected((SERVER4[0], 443))) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: north\r\nConnection: close\r\n\r\n")
        whole = b""
        while more := sock.recv(65536):
            whole += more
        ok(whole.endswith(PAGE), "a page to the end of the connection", len(whole))
    beside.report()


def names():
    """fallback-names"""
    got = curl(444, name=WWW)
    ok(got == PAGE, "a name of the web server: its own certificate, its page", size_of(got))
    got = curl(444, name="WWW.North.gov")
    ok(got == PAGE, "in capitals, too", size_of(got))
    with secured(connected((SERVER4[0], 444)), name=WWW) as sock:
        seen = sock.getpeercert()["subjectAltName"]
        ok(seen == (("DNS", WWW),), "the certificate of that name is the web server's", seen)
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = tls_context().wrap_bio(inward, outward, server_hostname=WWW)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    with connected((SERVER4[0], 444)) as sock:
        hello = outward.read()
        for at in range(0, len(hello), 7):
            sock.sendall(hello[at : at + 7])
            time.sleep(0.001)
        inward.write(sock.recv(65536))
        try:
            session.do_handshake()
        except ssl.SSLWantReadError:
            pass
        ok(session.version() is not None, "a hello in segments of 7 bytes finds its way")
    with turn_client(444) as client:
        seen = client.frames.sock.getpeercert()["subjectAltName"][0]
        echoed = client.echoes(PEER.address, b"hello", CHANNEL)
        ok(echoed and seen == ("DNS", NAME), "another name: TURN with our own certificate", seen)


def down():
    """A fallback that is down"""
    for words, name in (("decrypted", NAME), ("unread", WWW)):
        start = time.monotonic()
        got = curl(445, name=name)
        seconds = time.monotonic() - start
        ok(
            isinstance(got, int) and got not in (28,) and seconds < 10,
            f"a web server that is down: the connection is closed, {words}",
            size_of(got),
            seconds,
        )
    with turn_client(445) as client:
        echoed = client.echoes(PEER.address, b"hello", CHANNEL)
        ok(echoed, "the port serves TURN as before")


def plain():
    """plain = yes before a web server"""
    got = curl(446, scheme="http")
    ok(got == PAGE, "plain = yes: HTTP without TLS reaches the web server", size_of(got))
    got = curl(446)
    ok(got == PAGE, "plain = yes: so does HTTPS", size_of(got))
    with turn_client(446, tls=False) as client:
        echoed = client.echoes(PEER.address, b"hello", CHANNEL)
        ok(echoed, "plain = yes: TURN without TLS is served beside it")


# ---------------------------------------------------------------- balancers

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
STREAM4, STREAM6, UNKNOWN = 0x11, 0x21, 0x00


def header(source=None, command=PROXY, more=b""):
    """A PROXY header, version 2, for a client."""
    family, body = UNKNOWN, b""
    if source:
        family = STREAM6 if ":" in source[0] else STREAM4
        kind = socket.AF_INET6 if ":" in source[0] else socket.AF_INET
        host = socket.inet_pton(kind, source[0])
        body = host + host + struct.pack("!HH", source[1], 3478)
    body += more
    return SIGNATURE + struct.pack("!BBH", command, family, len(body)) + body


def through(port, head, *, source=BALANCER, tls=False, piece=None):
    """A client behind a balancer that says this first."""
    sock = connected((SERVER4[0], port), source)
    for at in range(0, len(head), piece or len(head)):
        sock.sendall(head[at : at + (piece or len(head))])
        time.sleep(0.001 if piece else 0)
    return StreamClient(
        (SERVER4[0], port), *temporary("balanced"), tls=tls, connection=sock, patience=3.0
    )


def seen_by(client):
    with client:
        return client.binding()


def balancers():
    """PROXY, version 2"""
    first, second = ("198.51.100.7", 4242), ("2001:db8::7", 4243)
    noop = b"\x04\x00\x28" + bytes(40)
    for port, tls in ((3479, False), (5350, True)):
        words = "tls" if tls else "tcp"
        seen = seen_by(through(port, header(first), tls=tls))
        ok(seen == first, f"the client's address is that of the header, {words}", seen)
        seen = seen_by(through(port, header(second), tls=tls))
        ok(seen == second, f"IPv6 behind a balancer of IPv4, {words}", seen)
        seen = seen_by(through(port, header(first, more=noop), tls=tls))
        ok(seen == first, f"what a header says besides is skipped, {words}", seen)
        seen = seen_by(through(port, header(first, more=noop), tls=tls, piece=1))
        ok(seen == first, f"a header in segments of one byte, {words}", seen)
        for command, what in ((LOCAL, "LOCAL"), (PROXY, "no address")):
            client = through(port, header(None, command), tls=tls)
            own = client.sock.getsockname()
            seen = seen_by(client)
            ok(seen == own, f"{what}: the balancer itself is the client, {words}", seen, own)
        with through(port, header(first), tls=tls) as client:
            code = client.allocate().error
            client.bind(CHANNEL, PEER.address)
            echoed = client.echoes(PEER.address, b"hello", CHANNEL)
            ok(code == 0 and echoed, f"a session behind a balancer, {words}", code)
    question = Message(BINDING).encode()
    for what, port, data, source in (
        ("no header from a balancer", 3479, question, BALANCER),
        ("no header from a balancer, tls", 5350, b"\x16\x03\x01\x00\x50", BALANCER),
        ("version 1", 3479, b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", BALANCER),
        ("a header that is cut short", 3479, header(first)[:20] + b"\xff" * 30, BALANCER),
        ("a header that claims 65535 bytes", 3479, SIGNATURE + b"\x21\x11\xff\xff", BALANCER),
        ("addresses that do not fit", 3479, SIGNATURE + b"\x21\x11\x00\x04abcd", BALANCER),
        ("a header from somebody else", 3479, header(first) + question, CLIENT4),
        ("a header from somebody else, tls", 5350, header(first), CLIENT4),
        ("a header where no balancer is", 3478, header(first) + question, CLIENT4),
    ):
        with connected((SERVER4[0], port), source) as sock:
            sock.sendall(data)
            ok(is_closed(sock, 8), f"{what}: closed")


def ends_early():
    """A header, or a hello, that ends half-way"""
    before, start = cpu_seconds(server_pid()), time.monotonic()
    for what, port, data, source in (
        ("half a PROXY header", 3479, header(("1.2.3.4", 5))[:9], BALANCER),
        ("half a hello", 443, b"\x16\x03\x01\x02\x00\x01\x00\x01", CLIENT4),
        ("half a hello, with names to look for", 444, b"\x16\x03\x01\x02\x00\x01", CLIENT4),
    ):
        with connected((SERVER4[0], port), source) as sock:
            sock.sendall(data)
            time.sleep(0.1)
            sock.shutdown(socket.SHUT_WR)
            ok(is_closed(sock, 3), f"{what}, then the end: closed at once")
    share = (cpu_seconds(server_pid()) - before) / (time.monotonic() - start)
    ok(share < 0.5, "and nothing spins meanwhile", f"{share:.0%} of a core")


def real_sources():
    """connections-per-address behind a balancer"""

    def served(host, port=3479):
        try:
            client = through(port, header((host, 5000)))
            if client.binding():
                return client
        except Exception:  # pylint: disable=broad-except
            pass
        return None

    same = [served("203.0.113.5") for _ in range(LIMIT)]
    ok(all(same), f"{LIMIT} connections of one address behind a balancer are served")
    ok(served("203.0.113.5") is None, "one more is closed")
    others = [served(f"203.0.113.{number}") for number in range(10, 10 + LIMIT)]
    ok(all(others), f"{LIMIT} more, of others behind it, are served")
    same.pop().close()
    again = eventually(lambda: served("203.0.113.5"), 3)
    ok(again, "when one ends, another is served")
    for client in (*same, *others, again):
        if client:
            client.close()


def main():
    web_server(8080)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(WORK / "www-chain.pem", WORK / "www-key.pem")
    web_server(8443, context)
    note(f"a page of {len(PAGE)} bytes")
    run(pages, names, down, plain, balancers, ends_early, real_sources)


main()
