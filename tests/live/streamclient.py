# SPDX-License-Identifier: MIT
"""TURN clients over TCP and TLS for tests, standard library only: a connection that is read
frame by frame, and a Client that talks through one."""

import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct
import time

from stunclient import ALLOCATE, Client, ERROR, Message, NoAnswer, REQUESTED_TRANSPORT, SUCCESS
from stunclient import UDP

NAME = "turn.north.gov"


class Closed(Exception):
    """The server has ended the connection."""


def connected(server, source=None, *, receive_buffer=None, seconds=5.0):
    """A TCP connection; source is the address, or address and port, to come from."""
    sock = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source:
        sock.bind(source if isinstance(source, tuple) else (source, 0))
    sock.settimeout(seconds)
    try:
        sock.connect(server)
    except OSError:
        sock.close()
        raise
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def tls_context(authority=None, *, alpn=(), least=None, most=None, ciphers=None):
    """How a client speaks TLS; the authority's file is that of the tests when not given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority or os.environ["AUTHORITY"])
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if ciphers:
        context.set_ciphers(ciphers)
    context.minimum_version = least or ssl.TLSVersion.TLSv1_2
    if most:
        context.maximum_version = most
    return context


def secured(sock, context=None, name=NAME):
    """The connection with TLS on it, the handshake done; closed when that fails."""
    try:
        return (context or tls_context()).wrap_socket(sock, server_hostname=name)
    except OSError:
        sock.close()
        raise


def reset(sock):
    """Close a connection with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def is_closed(sock, seconds=5.0):
    """Whether the server ends a connection within that time; what it says first is ignored."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            if not sock.recv(65536):
                return True
        except TimeoutError:
            return False
        except OSError:
            return True
    return False


def temporary(name, secret=b"verysecret"):
    """User name and password of a time-limited credential for a name."""
    user = f"{int(time.time()) + 3600}:{name}"
    digest = hmac.new(secret, user.encode(), hashlib.sha1).digest()
    return user, base64.b64encode(digest).decode()


def frame_size(head):
    """Bytes that a frame takes on a stream, by its first four."""
    kind, length = struct.unpack("!HH", head[:4])
    if kind >> 14 == 1:
        return 4 + length + -length % 4
    return 20 + length


class Frames:
    """A connection as a Client sees a socket: one frame is written or read at a time. With
    .segment set, each write is cut into pieces of so many bytes, .pause seconds apart."""

    def __init__(self, sock):
        self.sock = sock
        self.seconds = 1.0
        self.segment = None
        self.pause = 0.0
        self._read = bytearray()

    def getsockname(self):
        return self.sock.getsockname()

    def settimeout(self, seconds):
        self.seconds = seconds

    def close(self):
        self.sock.close()

    def write(self, data):
        self.sock.settimeout(30)
        if not self.segment:
            self.sock.sendall(data)
            return
        for at in range(0, len(data), self.segment):
            self.sock.sendall(data[at : at + self.segment])
            if self.pause:
                time.sleep(self.pause)

    def sendto(self, data, _server):
        self.write(data + bytes(-len(data) % 4))

    def recv(self, _room=0):
        """The next frame with its padding; raises TimeoutError, or Closed."""
        deadline = time.monotonic() + self.seconds
        while len(self._read) < 4 or len(self._read) < frame_size(self._read):
            self.sock.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                more = self.sock.recv(65536)
            except TimeoutError:
                raise
            except OSError as error:
                raise Closed(str(error)) from error
            if not more:
                raise Closed("end of the stream")
            self._read += more
        size = frame_size(self._read)
        frame = bytes(self._read[:size])
        del self._read[:size]
        return frame

    def rest(self):
        """What was read behind the last frame: bytes of a peer, once the two are joined."""
        rest = bytes(self._read)
        self._read.clear()
        return rest


class StreamClient(Client):
    """A Client on one connection; tls is a context, or True for the usual one."""

    def __init__(self, server, user="alice", password="wonderland", *, tls=None, **more):
        source = more.pop("source", None)
        sock = more.pop("connection", None) or connected(server, source)
        if tls:
            sock = secured(sock, None if tls is True else tls)
        self.frames = Frames(sock)
        super().__init__(server, user, password, sock=self.frames, **more)

    def transact(self, data, transaction):
        """Send a request once; what else comes before its response is kept for receive()."""
        self.sock.sendto(data, self.server)
        return self.response(transaction)

    def response(self, transaction):
        deadline = time.monotonic() + self.patience
        while (left := deadline - time.monotonic()) > 0:
            answer = self.read(left)
            if answer is None:
                break
            message = Message.decode(answer)
            if message and message.kind in (SUCCESS, ERROR):
                if message.transaction == transaction:
                    return message
            else:
                self._waiting.append(answer)
        raise NoAnswer(f"a request of {self.sock.getsockname()}")

    def signed(self, method, attributes=(), peers=()):
        """A signed request, as bytes and transaction, for a client that has been challenged."""
        message = Message(method, attributes=attributes)
        for peer in peers:
            message.add_peer(*peer)
        message.attributes += self.credentials()
        return message.encode(self.key(), self._sha256), message.transaction

    def challenge(self):
        """Learn realm and nonce; the response that taught them."""
        transport = (REQUESTED_TRANSPORT, struct.pack("!B3x", UDP))
        response = self.request(ALLOCATE, [transport], authenticated=False)
        self.learn(response)
        return response

    def next_frame(self, seconds=2.0):
        """The next frame, one kept while a response was awaited first; None when none comes."""
        if self._waiting:
            return self._waiting.popleft()
        return self.read(seconds)
