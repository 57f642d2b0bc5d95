# SPDX-License-Identifier: MIT
"""A STUN and TURN client for tests (RFC 8489, RFC 8656), standard library only.

Message builds and reads one message; Client is one 5-tuple over UDP, which answers
challenges, repeats lost requests and verifies the signature of what comes back. A response
is returned whatever its code: a test looks at .error (0 for success).
"""

import collections
import hashlib
import hmac
import ipaddress
import os
import socket
import struct
import time
import zlib

COOKIE = 0x2112A442
NONCE_COOKIE = b"obMatJos2"

# Methods
BINDING, SHARED_SECRET, ALLOCATE, REFRESH = 1, 2, 3, 4
SEND, DATA, CREATE_PERMISSION, CHANNEL_BIND = 6, 7, 8, 9

# Classes
REQUEST, INDICATION, SUCCESS, ERROR = 0, 1, 2, 3

# Attributes
MAPPED_ADDRESS = 0x0001
CHANGE_REQUEST = 0x0003
USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
UNKNOWN_ATTRIBUTES = 0x000A
CHANNEL_NUMBER = 0x000C
LIFETIME = 0x000D
XOR_PEER_ADDRESS = 0x0012
DATA_VALUE = 0x0013
REALM = 0x0014
NONCE = 0x0015
XOR_RELAYED_ADDRESS = 0x0016
REQUESTED_ADDRESS_FAMILY = 0x0017
EVEN_PORT = 0x0018
REQUESTED_TRANSPORT = 0x0019
DONT_FRAGMENT = 0x001A
MESSAGE_INTEGRITY_SHA256 = 0x001C
PASSWORD_ALGORITHM = 0x001D
USERHASH = 0x001E
XOR_MAPPED_ADDRESS = 0x0020
RESERVATION_TOKEN = 0x0022
ADDITIONAL_ADDRESS_FAMILY = 0x8000
ADDRESS_ERROR_CODE = 0x8001
PASSWORD_ALGORITHMS = 0x8002
ICMP = 0x8004
SOFTWARE = 0x8022
FINGERPRINT = 0x8028

# Values of family and of password algorithm
IPV4, IPV6 = 1, 2
MD5, SHA256 = 1, 2
UDP = 17


def family_of(host):
    return IPV6 if ":" in host else IPV4


def xor_address(host, port, transaction):
    """The value of an XOR-...-ADDRESS attribute."""
    packed = ipaddress.ip_address(host).packed
    mask = struct.pack("!I", COOKIE) + transaction
    plain = bytes(a ^ b for a, b in zip(packed, mask))
    return struct.pack("!BBH", 0, family_of(host), port ^ (COOKIE >> 16)) + plain


def read_xor_address(value, transaction):
    _, _, port = struct.unpack("!BBH", value[:4])
    mask = struct.pack("!I", COOKIE) + transaction
    packed = bytes(a ^ b for a, b in zip(value[4:], mask))
    return str(ipaddress.ip_address(packed)), port ^ (COOKIE >> 16)


def family_value(family):
    return struct.pack("!B3x", family)


class Message:
    """One STUN message; attributes is a list of (type, value)."""

    def __init__(self, method, kind=REQUEST, attributes=(), transaction=None):
        self.method = method
        self.kind = kind
        self.attributes = list(attributes)
        self.transaction = transaction or os.urandom(12)
        self.raw = b""

    def add(self, kind, value=b""):
        self.attributes.append((kind, value))
        return self

    def add_peer(self, host, port):
        return self.add(XOR_PEER_ADDRESS, xor_address(host, port, self.transaction))

    # -- writing

    def _header(self, length):
        kind = (
            (self.method & 0x000F)
            | (self.kind & 1) << 4
            | (self.method & 0x0070) << 1
            | (self.kind & 2) << 7
            | (self.method & 0x0F80) << 2
        )
        return struct.pack("!HHI", kind, length, COOKIE) + self.transaction

    @staticmethod
    def _attribute(kind, value):
        return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)

    def encode(self, key=None, sha256=False, fingerprint=False):
        body = b"".join(self._attribute(*each) for each in self.attributes)
        if key is not None:
            kind, digest, size = (
                (MESSAGE_INTEGRITY_SHA256, hashlib.sha256, 32)
                if sha256
                else (MESSAGE_INTEGRITY, hashlib.sha1, 20)
            )
            signed = self._header(len(body) + 4 + size) + body
            body += self._attribute(kind, hmac.new(key, signed, digest).digest())
        if fingerprint:
            checked = self._header(len(body) + 8) + body
            value = zlib.crc32(checked) ^ 0x5354554E
            body += self._attribute(FINGERPRINT, struct.pack("!I", value))
        return self._header(len(body)) + body

    # -- reading

    @classmethod
    def decode(cls, data):
        """The message in data, or None where there is none."""
        if len(data) < 20 or data[0] & 0xC0:
            return None
        kind, length, cookie = struct.unpack("!HHI", data[:8])
        if cookie != COOKIE or length != len(data) - 20:
            return None
        message = cls(
            kind & 0x000F | (kind & 0x00E0) >> 1 | (kind & 0x3E00) >> 2,
            (kind & 0x0010) >> 4 | (kind & 0x0100) >> 7,
            transaction=data[8:20],
        )
        message.raw = data
        at = 20
        while at + 4 <= len(data):
            kind, length = struct.unpack("!HH", data[at : at + 4])
            message.add(kind, data[at + 4 : at + 4 + length])
            at += 4 + length + -length % 4
        return message

    def first(self, kind):
        return next((value for type_, value in self.attributes if type_ == kind), None)

    def every(self, kind):
        return [value for type_, value in self.attributes if type_ == kind]

    def addresses(self, kind):
        return [read_xor_address(value, self.transaction) for value in self.every(kind)]

    def address(self, kind):
        return next(iter(self.addresses(kind)), None)

    @property
    def error(self):
        value = self.first(ERROR_CODE)
        if self.kind == SUCCESS or value is None:
            return 0
        return value[2] * 100 + value[3]

    @property
    def lifetime(self):
        value = self.first(LIFETIME)
        return None if value is None else struct.unpack("!I", value)[0]

    def is_signed_by(self, key, sha256):
        """Whether the integrity attribute is there and right."""
        kind, digest = (
            (MESSAGE_INTEGRITY_SHA256, hashlib.sha256)
            if sha256
            else (MESSAGE_INTEGRITY, hashlib.sha1)
        )
        at = 20
        while at + 4 <= len(self.raw):
            type_, length = struct.unpack("!HH", self.raw[at : at + 4])
            if type_ == kind:
                signed = self._header(at + 4 + length - 20) + self.raw[20:at]
                value = self.raw[at + 4 : at + 4 + length]
                return hmac.compare_digest(hmac.new(key, signed, digest).digest(), value)
            at += 4 + length + -length % 4
        return False


class NoAnswer(Exception):
    """A request that nobody answered."""


class BadSignature(Exception):
    """A response after authentication that is not signed as it must be; .error is its code."""

    def __init__(self, method, error):
        super().__init__(f"method {method}, error {error}")
        self.error = error


class Client:
    """One client on one 5-tuple.

    algorithm is None for a client of RFC 5389 (MD5 and HMAC-SHA1), MD5 or SHA256 for one of
    RFC 8489, which echoes PASSWORD-ALGORITHMS and signs with HMAC-SHA256; userhash hides the
    name. sock may be given, to come from a chosen address.
    """

    def __init__(
        self,
        server,
        user="alice",
        password="wonderland",
        *,
        algorithm=None,
        userhash=False,
        sock=None,
        patience=4.0,
    ):
        self.server = server
        self.user = user.encode()
        self.password = password.encode()
        self.algorithm = algorithm
        self.userhash = userhash
        self.patience = patience
        self.sock = sock or socket.socket(
            socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM
        )
        self.realm = self.nonce = self.algorithms = None
        self.relayed = []
        self.channels = {}
        self._waiting = collections.deque()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    # -- requests

    @property
    def _sha256(self):
        return self.algorithm is not None

    def key(self):
        joined = b":".join((self.user, self.realm, self.password))
        digest = hashlib.sha256 if self.algorithm == SHA256 else hashlib.md5
        return digest(joined).digest()

    def credentials(self):
        """The attributes that go before the signature."""
        if self.userhash:
            name = (USERHASH, hashlib.sha256(self.user + b":" + self.realm).digest())
        else:
            name = (USERNAME, self.user)
        attributes = [name, (REALM, self.realm), (NONCE, self.nonce)]
        if self._sha256:
            attributes.append((PASSWORD_ALGORITHMS, self.algorithms))
            attributes.append((PASSWORD_ALGORITHM, struct.pack("!HH", self.algorithm, 0)))
        return attributes

    def learn(self, response):
        """Take realm, nonce and algorithms from a 401 or 438."""
        self.realm = response.first(REALM) or self.realm
        self.nonce = response.first(NONCE)
        self.algorithms = response.first(PASSWORD_ALGORITHMS) or self.algorithms

    def transact(self, data, transaction):
        """Send a request until its response comes; what else comes is kept for receive()."""
        deadline = time.monotonic() + self.patience
        pause = 0.25
        while time.monotonic() < deadline:
            self.sock.sendto(data, self.server)
            again = min(deadline, time.monotonic() + pause)
            pause *= 2
            while (left := again - time.monotonic()) > 0:
                answer = self.read(left)
                if answer is None:
                    break
                message = Message.decode(answer)
                if message and message.kind in (SUCCESS, ERROR):
                    if message.transaction == transaction:
                        return message
                else:
                    self._waiting.append(answer)
        raise NoAnswer(f"method {data[1]} of {self.sock.getsockname()}")

    def request(self, method, attributes=(), peers=(), authenticated=True):
        """A request and its response, through up to two challenges."""
        for _ in range(3):
            message = Message(method, REQUEST, attributes)
            for peer in peers:
                message.add_peer(*peer)
            signed = authenticated and self.nonce is not None
            if signed:
                message.attributes += self.credentials()
                data = message.encode(self.key(), self._sha256)
            else:
                data = message.encode()
            response = self.transact(data, message.transaction)
            challenged = response.error == 438 or (response.error == 401 and not signed)
            if not (authenticated and challenged and response.first(NONCE)):
                break
            self.learn(response)
        if signed and response.error not in (400, 401, 438):
            if not response.is_signed_by(self.key(), self._sha256):
                raise BadSignature(method, response.error)
        return response

    def binding(self):
        """The address the server saw."""
        response = self.request(BINDING, authenticated=False)
        return response.address(XOR_MAPPED_ADDRESS)

    def allocate(
        self,
        family=None,
        additional=None,
        even_port=None,
        token=None,
        lifetime=None,
        dont_fragment=False,
    ):
        """even_port is the R bit, when given. Fills in .relayed."""
        attributes = [(REQUESTED_TRANSPORT, struct.pack("!B3x", UDP))]
        if family is not None:
            attributes.append((REQUESTED_ADDRESS_FAMILY, family_value(family)))
        if additional is not None:
            attributes.append((ADDITIONAL_ADDRESS_FAMILY, family_value(additional)))
        if even_port is not None:
            attributes.append((EVEN_PORT, struct.pack("!B", even_port << 7)))
        if token is not None:
            attributes.append((RESERVATION_TOKEN, token))
        if lifetime is not None:
            attributes.append((LIFETIME, struct.pack("!I", lifetime)))
        if dont_fragment:
            attributes.append((DONT_FRAGMENT, b""))
        response = self.request(ALLOCATE, attributes)
        if response.error == 0:
            self.relayed = response.addresses(XOR_RELAYED_ADDRESS)
        return response

    def refresh(self, lifetime=None, family=None):
        attributes = []
        if lifetime is not None:
            attributes.append((LIFETIME, struct.pack("!I", lifetime)))
        if family is not None:
            attributes.append((REQUESTED_ADDRESS_FAMILY, family_value(family)))
        return self.request(REFRESH, attributes)

    def permit(self, *hosts):
        return self.request(CREATE_PERMISSION, peers=[(host, 0) for host in hosts])

    def bind(self, channel, peer):
        number = [(CHANNEL_NUMBER, struct.pack("!HH", channel, 0))]
        response = self.request(CHANNEL_BIND, number, peers=[peer])
        if response.error == 0:
            self.channels[channel] = peer
        return response

    # -- data

    def send(self, peer, data, dont_fragment=False):
        """A Send indication."""
        message = Message(SEND, INDICATION).add_peer(*peer)
        if dont_fragment:
            message.add(DONT_FRAGMENT)
        self.sock.sendto(message.add(DATA_VALUE, data).encode(), self.server)

    def send_channel(self, channel, data):
        self.sock.sendto(struct.pack("!HH", channel, len(data)) + data, self.server)

    def read(self, seconds):
        """The next datagram as it came, or None."""
        self.sock.settimeout(max(seconds, 0.001))
        try:
            return self.sock.recv(65535)
        except (TimeoutError, ConnectionRefusedError):
            return None

    def receive(self, seconds=2.0):
        """The next datagram of a peer as (peer, data); None when none comes."""
        deadline = time.monotonic() + seconds
        while True:
            if self._waiting:
                packet = self._waiting.popleft()
            else:
                packet = self.read(deadline - time.monotonic())
            if packet is None:
                if time.monotonic() >= deadline:
                    return None
                continue
            if packet[0] & 0xC0 == 0x40:
                number, length = struct.unpack("!HH", packet[:4])
                return self.channels.get(number, number), packet[4 : 4 + length]
            message = Message.decode(packet)
            if message and (message.method, message.kind) == (DATA, INDICATION):
                return message.address(XOR_PEER_ADDRESS), message.first(DATA_VALUE)

    def echoes(self, peer, data, channel=None, seconds=2.0):
        """Whether a peer that echoes gives the data back through the relay."""
        if channel is None:
            self.send(peer, data)
        else:
            self.send_channel(channel, data)
        return self.receive(seconds) == (peer, data)
