# SPDX-License-Identifier: MIT
"""https.sh — HTTP over TLS, the bytes cut and joined in every way."""

import contextlib
import json
import os
import re
import socket
import ssl

from livetest import SERVER4, ok, run
from office import Office

PLACE = (SERVER4[0], 8443)
NAME = "turn.north.gov"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: turn.north.gov\r\n\r\n"


class Client:
    """A client of TLS that sends what it says only when told to, in pieces of a size."""

    def __init__(self, version, cut=None):
        context = ssl.create_default_context(cafile=os.path.join(os.environ["WORK"], "ca.pem"))
        context.minimum_version = context.maximum_version = version
        self._cut = cut
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=NAME)
        self._sock = socket.create_connection(PLACE)
        self._sock.settimeout(5)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        self._sock.close()

    def shake_hands(self):
        """As far as to the client's last message, which waits."""
        while True:
            try:
                self._tls.do_handshake()
                return
            except ssl.SSLWantReadError:
                self.flush()
                self._read()

    def say(self, data):
        self._tls.write(data)

    def flush(self):
        data = self._out.read()
        step = self._cut or len(data)
        for at in range(0, len(data), step or 1):
            self._sock.sendall(data[at : at + step])

    def _read(self):
        chunk = self._sock.recv(65536)
        if not chunk:
            raise ConnectionResetError("closed by the server")
        self._in.write(chunk)

    def answers(self, count):
        """The status lines of so many answers."""
        received = b""
        while received.count(b"\r\n\r\n") < count:
            try:
                received += self._tls.read(65536)
            except ssl.SSLWantReadError:
                self.flush()
                self._read()
        return re.findall(rb"HTTP/1\.1 [^\r]*", received)


VERSIONS = {"1.3": ssl.TLSVersion.TLSv1_3, "1.2": ssl.TLSVersion.TLSv1_2}


def with_the_handshake():
    """a request with the last bytes of the handshake"""
    # In TLS 1.2 the server has the last word, and a client that waits for it cannot be early.
    with contextlib.closing(Client(VERSIONS["1.3"])) as client:
        client.shake_hands()
        client.say(HEALTH)
        client.flush()
        answers = client.answers(1)
    ok(
        answers == [b"HTTP/1.1 200 OK"],
        "TLS 1.3, a request in one piece with the end of the handshake is answered",
        answers,
    )


def cut_and_joined():
    """requests byte by byte and several at once"""
    for name, version in VERSIONS.items():
        with contextlib.closing(Client(version, cut=1)) as client:
            client.shake_hands()
            client.say(HEALTH)
            client.flush()
            answers = client.answers(1)
        ok(answers == [b"HTTP/1.1 200 OK"], f"TLS {name}, byte by byte: answered", answers)
        with contextlib.closing(Client(version)) as client:
            client.shake_hands()
            for _ in range(8):
                client.say(HEALTH)
            client.flush()
            answers = client.answers(8)
        ok(answers == [b"HTTP/1.1 200 OK"] * 8, f"TLS {name}, eight at once: answered", answers)


def long_body():
    """a body of several records"""
    key = Office().post("/v1/keys", {"role": "issue"})["key"]
    body = json.dumps({"user": "alice"}).encode() + b" " * 60000
    head = f"POST /v1/credentials HTTP/1.1\r\nHost: {NAME}\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with contextlib.closing(Client(VERSIONS["1.3"])) as client:
        client.shake_hands()
        client.say(head.encode() + body)
        client.flush()
        answers = client.answers(1)
    ok(answers == [b"HTTP/1.1 201 Created"], "a body of 60,000 bytes: answered", answers)


def no_tls():
    """what is no TLS"""
    with socket.create_connection(PLACE, 5) as sock:
        sock.sendall(HEALTH)
        try:
            data = sock.recv(65536)
        except ConnectionResetError:
            data = b""
    ok(b"HTTP" not in data, "plain HTTP is not answered", data)


run(with_the_handshake, cut_and_joined, long_body, no_tls)
