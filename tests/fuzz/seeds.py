#!/usr/bin/env python3
"""seeds: write the seed inputs of most targets below corpus/.

They are kept in the tree; run this again only to add some. The same seeds come out every time.
"""
# SPDX-License-Identifier: MIT
import hashlib
import hmac
import pathlib
import struct
import zlib

COOKIE = 0x2112A442
ID = bytes(range(1, 13))
CLASSIC_ID = bytes(range(1, 17))
KEY = hashlib.md5(b"alice:example.org:wonderland").digest()
CORPUS = pathlib.Path(__file__).parent / "corpus"


def attribute(kind, value, pad=b"\0"):
    return struct.pack(">HH", kind, len(value)) + value + pad * (-len(value) % 4)


def header(kind, length, ident=ID):
    cookie = struct.pack(">I", COOKIE) if len(ident) == 12 else b""
    return struct.pack(">HH", kind, length) + cookie + ident


def message(kind, *attributes, ident=ID, sign=(), behind=(), fingerprint=False):
    body = b"".join(attributes)
    for number, name in sign:
        size = hashlib.new(name).digest_size
        covered = header(kind, len(body) + 4 + size, ident) + body
        body += attribute(number, hmac.new(KEY, covered, name).digest())
    body += b"".join(behind)
    if fingerprint:
        covered = header(kind, len(body) + 8, ident) + body
        body += attribute(0x8028, struct.pack(">I", zlib.crc32(covered) ^ 0x5354554E))
    return header(kind, len(body), ident) + body


def address(family, port, ip):
    mask = struct.pack(">I", COOKIE) + ID
    return struct.pack(">BBH", 0, family, port ^ COOKIE >> 16) + bytes(
        a ^ b for a, b in zip(ip, mask)
    )


V4 = address(1, 32853, bytes([192, 0, 2, 1]))
V6 = address(2, 32853, bytes.fromhex("20010db8000000000000000000000001"))
MAPPED = address(2, 443, bytes.fromhex("00000000000000000000ffff7f000001"))
SHA1 = (0x0008, "sha1")
SHA256 = (0x001C, "sha256")
WHO = (
    attribute(0x0006, b"alice"),
    attribute(0x0014, b"example.org"),
    attribute(0x0015, b"obMatJos2AAACf//499k954d6OL34oL9"),
)

MESSAGES = {
    "binding-request": message(0x0001),
    "binding-request-fingerprint": message(0x0001, fingerprint=True),
    "binding-request-classic": message(0x0001, attribute(3, b"\0\0\0\6"), ident=CLASSIC_ID),
    "binding-success": message(
        0x0101, attribute(0x20, V4), attribute(0x8022, b"turnpike"), fingerprint=True
    ),
    "binding-success-ipv6": message(0x0101, attribute(0x20, V6)),
    "allocate-request": message(
        0x0003,
        attribute(0x19, b"\x11\0\0\0"),
        attribute(0x0D, b"\0\0\2\x58"),
        attribute(0x8000, b"\2\0\0\0"),
        attribute(0x1A, b""),
        attribute(0x18, b"\x80"),
        *WHO,
        sign=[SHA1],
    ),
    "allocate-request-sha256": message(
        0x0003,
        attribute(0x19, b"\x11\0\0\0"),
        attribute(0x1E, hashlib.sha256(b"alice:example.org").digest()),
        attribute(0x1D, b"\0\2\0\0"),
        attribute(0x8002, b"\0\2\0\0\0\1\0\0"),
        *WHO[1:],
        sign=[SHA256],
        fingerprint=True,
    ),
    "allocate-error": message(
        0x0113, attribute(9, b"\0\0\4\1Unauthorized"), *WHO[1:], attribute(0x8002, b"\0\1\0\0")
    ),
    "unknown-attributes": message(
        0x0111, attribute(9, b"\0\0\4\x14"), attribute(0x0A, b"\x7f\0\x7f\1\x7f\2")
    ),
    "refresh-both-signatures": message(
        0x0004, attribute(0x0D, b"\0\0\0\0"), *WHO, sign=[SHA1, SHA256], fingerprint=True
    ),
    "permission-many-peers": message(
        0x0008, attribute(0x12, V4), attribute(0x12, V6), attribute(0x12, MAPPED), *WHO, sign=[SHA1]
    ),
    "channel-bind": message(
        0x0009, attribute(0x0C, b"\x40\0\0\0"), attribute(0x12, V4), *WHO, sign=[SHA1]
    ),
    "send-indication": message(0x0016, attribute(0x12, V4), attribute(0x13, b"hello")),
    "data-indication-icmp": message(0x0017, attribute(0x12, V6), attribute(0x8004, bytes(8))),
    "unknown-and-duplicates": message(
        0x0001,
        attribute(0x7F00, b"?"),
        attribute(0xFF00, b"!"),
        attribute(0x14, b"one"),
        attribute(0x14, b"two"),
    ),
    "behind-integrity": message(
        0x0004, *WHO, sign=[SHA1], behind=[attribute(0x7F00, b"late"), WHO[0]], fingerprint=True
    ),
    "empty-texts": message(0x0003, *(attribute(kind, b"") for kind in (6, 0x14, 0x15, 0x8022))),
    "odd-padding": message(0x0001, attribute(6, b"a", b" "), attribute(0x14, b"ab", b"\xff")),
    "wrong-fingerprint": message(0x0001, attribute(0x8028, b"\0\0\0\0")),
    "overrun": message(0x0001, struct.pack(">HH", 6, 64) + b"too much"),
}

CLASSIC, FINGERPRINT, SHORT = 4, 8, 16


def script(flags, method, *steps, room=0, ident=None):
    ident = ident or (CLASSIC_ID if flags & CLASSIC else ID)
    return struct.pack(">BHH", flags, method, room) + ident + b"".join(steps)


def raw(kind, value, reserved=False):
    return struct.pack(">BHH", 5 if reserved else 0, kind, len(value)) + value


def number(kind, value):
    return struct.pack(">BHI", 1, kind, value)


def peer(kind, ip, port=32853, plain=False):
    return struct.pack(">BHBH", 3 if plain else 2, kind, len(ip) == 4, port) + ip


def error(code, reason_size):
    return struct.pack(">BHHB", 4, 9, code - 300, reason_size)


IPV4 = bytes([192, 0, 2, 1])
IPV6 = bytes.fromhex("20010db8123456780011223344556677")

ATTRIBUTES = {
    "header-only": script(0, 0x001),
    "header-all-bits": script(3, 0xFFF, ident=b"\xff" * 12),
    "fingerprint-only": script(FINGERPRINT | 2, 0x001),
    "xored-addresses": script(2, 0x003, peer(0x20, IPV4), peer(0x16, IPV6)),
    "plain-addresses": script(2, 0x001, peer(0x01, IPV4, plain=True), peer(0x01, IPV6, plain=True)),
    "classic-answer": script(CLASSIC | 2, 0x001, peer(0x01, IPV4, plain=True)),
    "classic-with-fingerprint": script(CLASSIC, 0x001, raw(0x8028, b"1234"), raw(6, b"alice")),
    "numbers": script(2, 0x004, number(0x0D, 600), number(0x0D, 0xFFFFFFFF)),
    "texts-of-each-padding": script(0, 0x003, *(raw(0x14, b"realm"[:n]) for n in range(6))),
    "challenge": script(
        3, 0x003, error(401, 0), raw(0x14, b"example.org"), raw(0x15, b"n" * 24), raw(0x8002, bytes(8))
    ),
    "error-with-reason": script(3, 0x009, error(699, 127), error(300, 1)),
    "reserved-data": script(1, 0x007, peer(0x12, IPV4), raw(0x13, b"d" * 300, reserved=True)),
    "duplicates": script(0, 0x008, peer(0x12, IPV4), peer(0x12, IPV6), peer(0x12, IPV4, 1)),
    "unknown-types": script(0, 0x001, raw(0x7FFF, b"?"), raw(0xFFFF, b"!"), raw(0, b"")),
    "behind-integrity": script(FINGERPRINT, 0x004, raw(6, b"a"), raw(8, b"h" * 20), raw(6, b"b")),
    "behind-sha256": script(FINGERPRINT, 0x004, raw(0x1C, b"h" * 32), raw(8, b"h" * 20)),
    "short-of-header": script(SHORT, 0x001, room=19),
    "short-of-padding": script(SHORT, 0x001, raw(0x14, b"realm"), room=31),
    "exactly-enough": script(SHORT, 0x001, raw(0x14, b"realm"), room=32),
    "short-of-fingerprint": script(SHORT | FINGERPRINT, 0x001, raw(0x14, b"real"), room=34),
}


def channel(size, number=0x4001, told=None, pad=True):
    length = size if told is None else told
    return struct.pack(">HH", number, length) + b"d" * size + b"\0" * (-size % 4 if pad else 0)


def stream(*messages, small_cuts=False, small_frames=False, seed=1):
    return struct.pack(">BH", small_cuts | small_frames << 1, seed) + b"".join(messages)


BIND = message(0x000B, attribute(0x2A, b"\0\0\0\7"), *WHO, sign=[SHA1])
BINDING = MESSAGES["binding-request"]

FRAMES = {
    "mixture": stream(BINDING, channel(5), MESSAGES["allocate-request"], channel(0), channel(1200)),
    "mixture-byte-by-byte": stream(BINDING, channel(3), channel(0), BINDING, small_cuts=True),
    "channel-data-of-each-padding": stream(*(channel(n) for n in range(9)), seed=7),
    "channel-data-without-its-padding": stream(channel(5, pad=False), BINDING),
    "channel-data-larger-than-wanted": stream(channel(2045), small_frames=True),
    "channel-data-just-wanted": stream(channel(2044), BINDING, small_frames=True),
    "channel-data-largest-begun": stream(channel(40, told=65535)),
    "stun-of-odd-length": stream(BINDING, header(0x0001, 6) + bytes(6)),
    "stun-largest-begun": stream(header(0x0001, 65532) + bytes(40)),
    "neither": stream(BINDING, b"\x80\0\0\0"),
    "connection-bind-and-more": stream(BIND, b"whatever a peer says"),
}

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
CROSSED = SIGNATURE[:6] + b"\r" + SIGNATURE[7:]


def balancer(command, family, body, told=None, signature=SIGNATURE):
    length = len(body) if told is None else told
    return signature + struct.pack(">BBH", command, family, length) + body


PORTS = struct.pack(">HH", 51000, 3478)
VIA4 = bytes([198, 51, 100, 7, 192, 0, 2, 9]) + PORTS
VIA6 = bytes.fromhex("20010db8" + "00" * 11 + "07" + "20010db8" + "00" * 11 + "09") + PORTS
VIA_MAPPED = bytes.fromhex(("00" * 10 + "ffffc6336407") * 2) + PORTS
TLVS = b"\x03\0\4\1\2\3\4" + b"\x02\0\x0brelay.local" + b"\x04\0\0"

PROXY_HEADERS = {
    "ipv4": balancer(0x21, 0x11, VIA4),
    "ipv4-then-stun": balancer(0x21, 0x11, VIA4) + BINDING,
    "ipv4-with-values-behind": balancer(0x21, 0x11, VIA4 + TLVS),
    "ipv6": balancer(0x21, 0x21, VIA6),
    "ipv6-mapped": balancer(0x21, 0x21, VIA_MAPPED),
    "local": balancer(0x20, 0x00, b""),
    "local-with-addresses": balancer(0x20, 0x11, VIA4),
    "unspecified": balancer(0x21, 0x00, b"12345678"),
    "unix": balancer(0x21, 0x31, bytes(216)),
    "datagram": balancer(0x21, 0x12, VIA4),
    "too-short-for-ipv6": balancer(0x21, 0x21, VIA4),
    "too-long": balancer(0x21, 0x11, VIA4, told=65535),
    "version-three": balancer(0x31, 0x11, VIA4),
    "version-one": b"PROXY TCP4 198.51.100.7 192.0.2.9 51000 3478\r\n",
    "wrong-signature": balancer(0x21, 0x11, VIA4, signature=CROSSED),
}

SIGNED, TRANSPORT, PEER, WITH_ID = 1, 2, 4, 8
METHODS = ("allocate", "refresh", "permit", "channel", "connect", "bind", "binding", "send")


def ask(who, method, flags, *attributes, host=0):
    """A request of a client: see fuzz_connection.c. Client 0, 1 and 3 speak TCP, 2 TLS."""
    body = b"".join(struct.pack(">HB", kind, len(value)) + value for kind, value in attributes)
    return bytes([0, who, flags, METHODS.index(method) | host << 4, len(body)]) + body


def step(what, *numbers):
    kinds = {"bytes": 3, "call": 4, "peer": 5, "close": 6, "time": 7, "world": 8}
    return bytes([kinds[what], *numbers])


TCP = ask(0, "allocate", SIGNED | TRANSPORT)
CALLED = TCP + ask(0, "connect", SIGNED | PEER)
MADE = CALLED + step("call", 0, 1)
JOINED = MADE + ask(1, "bind", SIGNED | WITH_ID)
PERMITTED = TCP + ask(0, "permit", SIGNED | PEER)
LATE = (step("world", 3), step("world", 3) + step("world", 4))

CONNECTIONS = {
    "joined": JOINED + step("call", 0, 0),
    "joined-then-closed": JOINED + step("close", 1) + step("close", 0),
    "refused": CALLED + step("call", 0, 0),
    "twice": MADE + ask(0, "connect", SIGNED | PEER),
    "several": MADE + b"".join(ask(0, "connect", SIGNED | PEER, host=h) for h in (1, 2, 3)),
    "called": PERMITTED + step("peer", 0, 0) + ask(2, "bind", SIGNED | WITH_ID),
    "called-uninvited": TCP + step("peer", 0, 1),
    "called-from-ourselves": PERMITTED + step("peer", 0, 15),
    "moved": MADE + ask(1, "bind", SIGNED, (0x2A, b"\5\0\0\1")),
    "unknown-id": MADE + ask(1, "bind", SIGNED, (0x2A, b"\3\0\0\1")),
    "bound-by-another": MADE + ask(7, "bind", SIGNED | WITH_ID),
    "bound-over-udp": MADE + ask(5, "bind", SIGNED | WITH_ID),
    "freed": JOINED + ask(0, "refresh", SIGNED, (0x0D, bytes(4))),
    "expired": JOINED + step("time", 255) * 2 + step("time", 91),
    "expired-without-a-tick": MADE + step("time", 254) * 3 + ask(1, "bind", SIGNED | WITH_ID),
    "late-key": LATE[0] + TCP + step("close", 0) + LATE[1],
    "late-key-joined": MADE + LATE[0] + ask(7, "allocate", SIGNED) + LATE[1] + step("close", 7),
    "policy-changed": PERMITTED + step("world", 0) + step("peer", 0, 0) + step("peer", 0, 2),
    "short-of-memory": TCP + step("world", 1) + ask(0, "connect", SIGNED | PEER),
    "over-udp": ask(5, "allocate", SIGNED | TRANSPORT),
    "channel": TCP + ask(0, "channel", SIGNED | PEER, (0x0C, b"\x40\0\0\0")),
    "raw": step("bytes", 4, 20) + bytes([0, 1, 0, 0]) + bytes(16),
}


def vector(width, body):
    return len(body).to_bytes(width, "big") + body


def extension(kind, body):
    return struct.pack(">H", kind) + vector(2, body)


def server_name(*names):
    return extension(0, vector(2, b"".join(bytes([k]) + vector(2, n) for k, n in names)))


RANDOM = bytes(range(32))
RELAY = server_name((0, b"relay.example.org"))
GROUPS = extension(10, vector(2, struct.pack(">HH", 29, 23)))
POINTS = extension(11, vector(1, b"\0"))
SIGNATURES = extension(13, vector(2, struct.pack(">HHH", 0x0403, 0x0804, 0x0401)))
PROTOCOLS = extension(16, vector(2, vector(1, b"stun.turn") + vector(1, b"h2")))
VERSIONS = extension(43, vector(1, b"\3\4\3\3"))
NEEDED = (GROUPS, POINTS, SIGNATURES)


def hello(version, *extensions, session=b"", cookie=None, ciphers=(0xC02B, 0xC02F, 0x1301)):
    body = struct.pack(">H", version) + RANDOM + vector(1, session)
    body += b"" if cookie is None else vector(1, cookie)
    body += vector(2, b"".join(struct.pack(">H", c) for c in ciphers)) + b"\1\0"
    return body + (vector(2, b"".join(extensions)) if extensions else b"")


def tls_record(body, kind=1, told=None):
    handshake = bytes([kind]) + (len(body) if told is None else told).to_bytes(3, "big") + body
    return b"\x16\3\1" + vector(2, handshake)


def dtls_record(body, kind=1, start=0, end=None, number=0, epoch=0, content=22):
    part = body[start:end]
    handshake = struct.pack(">B", kind) + len(body).to_bytes(3, "big") + struct.pack(">H", number)
    handshake += start.to_bytes(3, "big") + len(part).to_bytes(3, "big") + part
    return struct.pack(">BHHHI", content, 0xFEFD, epoch, 0, number) + vector(2, handshake)


OURS = hello(0xFEFD, RELAY, *NEEDED, cookie=b"")

HELLOS = {
    "tls-named": tls_record(hello(0x0303, RELAY, *NEEDED, VERSIONS, PROTOCOLS, session=bytes(32))),
    "tls-nameless": tls_record(hello(0x0303, *NEEDED)),
    "tls-without-extensions": tls_record(hello(0x0301)),
    "tls-then-more": tls_record(hello(0x0303, RELAY, *NEEDED)) + b"\x14\3\3\0\1\1",
    "tls-two-names": tls_record(hello(0x0303, server_name((1, b"?"), (0, b"a"), (0, b"b")))),
    "tls-empty-name": tls_record(hello(0x0303, server_name((0, b"")))),
    "tls-fragment": tls_record(hello(0x0303, RELAY), told=900),
    "tls-server-hello": tls_record(hello(0x0303, RELAY), kind=2),
    "tls-large-begun": b"\x16\3\1\x40\0" + b"\1\0\x3f\xfc\3\3" + RANDOM,
    "dtls": dtls_record(OURS),
    "dtls-cookie": dtls_record(hello(0xFEFD, RELAY, *NEEDED, cookie=bytes(20)), number=1),
    "dtls-session": dtls_record(hello(0xFEFD, *NEEDED, session=bytes(32), cookie=b"")),
    "dtls-without-extensions": dtls_record(hello(0xFEFF, cookie=b"")),
    "dtls-first-fragment": dtls_record(OURS, end=40),
    "dtls-last-fragment": dtls_record(OURS, start=40),
    "dtls-another-epoch": dtls_record(OURS, epoch=1),
}


def datagram(what, address, data=b"", quarters=0):
    return struct.pack(">BBH", what * 4 + address, quarters, len(data)) + data


PLAIN, COOKIE_SHOWN, CLIENT, TIMERS = range(4)
FATAL = b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2\x28"
SHORT = hello(0xFEFD, cookie=b"", ciphers=(0xC02B,))
LEAST = dtls_record(SHORT)
SEALED = b"\x17\xfe\xfd\0\1" + bytes(6) + b"\0\x20" + bytes(range(32))

DATAGRAMS = {
    "hello-from-each": b"".join(datagram(PLAIN, n, LEAST) for n in range(4)),
    "cookie-from-each": b"".join(datagram(COOKIE_SHOWN, n, LEAST) for n in range(4)),
    "cookie-and-silence": datagram(COOKIE_SHOWN, 0, LEAST)
    + b"".join(datagram(TIMERS, 0, quarters=5) for _ in range(9)),
    "cookie-and-again": datagram(COOKIE_SHOWN, 1, LEAST) * 2,
    "cookie-and-fragments": datagram(COOKIE_SHOWN, 1, LEAST)
    + datagram(PLAIN, 1, dtls_record(SHORT, end=40, number=2))
    + datagram(PLAIN, 1, dtls_record(SHORT, start=40, number=2)),
    "cookie-and-alert": datagram(COOKIE_SHOWN, 2, LEAST) + datagram(PLAIN, 2, FATAL),
    "cookie-without-ciphers": datagram(
        COOKIE_SHOWN, 0, dtls_record(hello(0xFEFD, *NEEDED, cookie=b"", ciphers=(0xC0AC,)))
    ),
    "client": datagram(CLIENT, 0) + datagram(CLIENT, 0, bytes(9)) * 3,
    "client-bent": datagram(CLIENT, 0) + datagram(CLIENT, 0, bytes(20) + b"\1") * 2,
    "client-of-another-epoch": datagram(CLIENT, 3) + datagram(CLIENT, 3, bytes(4) + b"\1"),
    "client-and-strays": datagram(CLIENT, 0)
    + b"".join(datagram(PLAIN, 0, d) for d in (FATAL, SEALED, LEAST, b"\x14" * 40))
    + datagram(CLIENT, 0, bytes(9)),
    "client-begins-anew": datagram(CLIENT, 0) + datagram(COOKIE_SHOWN, 0, LEAST),
    "clients-two": datagram(CLIENT, 0) + datagram(CLIENT, 1) + datagram(CLIENT, 0, bytes(5)),
    "strays": b"".join(datagram(PLAIN, 0, bytes([n]) * 30) for n in range(20, 30)),
}



def piece(answer):
    return bytes([len(answer)]) + answer


def answers(flags, *texts):
    return bytes([flags]) + b"".join(piece(t) for t in texts)


GREETS, SETS_UP, COTURN, SENTINEL = 1, 2, 4, 8
UP = GREETS | SETS_UP
TEXT, NOTHING, NUMBER, LIST = b"$2\r\n{}\r\n", b"$-1\r\n", b":3\r\n", b"*0\r\n"
SCANNED = b"*2\r\n$1\r\n7\r\n*2\r\n$1\r\na\r\n$2\r\n{}\r\n"
USED = b"*1\r\n*2\r\n$3\r\n1-2\r\n*2\r\n$5\r\nevent\r\n$1\r\nx\r\n"
NOTED = (
    b"*1\r\n*2\r\n$19\r\nturnpike:{r}:notice\r\n*1\r\n*2\r\n$3\r\n2-0\r\n*6\r\n"
    b"$5\r\ntable\r\n$4\r\nuser\r\n$3\r\nkey\r\n$1\r\na\r\n$5\r\nvalue\r\n$2\r\n{}\r\n"
)
ENTRY = b"$3\r\n1-1\r\n"
ALL = (TEXT, TEXT, b":0\r\n", SCANNED, NUMBER, ENTRY, ENTRY, USED, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER)
ERRORS = (
    *(b"LOADING", b"READONLY You can't", b"NOAUTH", b"NOPERM no 'get' command", b"WRONGTYPE x"),
    *(b"NOSCRIPT x", b"MOVED 1 h:1", b"OOM x", b"ERR what, with args beginning with: 'x'"),
)
KINDS = (TEXT, NOTHING, NUMBER, LIST, b"+OK\r\n", SCANNED, USED, NOTED, b"*2\r\n:1\r\n*1\r\n+x\r\n")

ANSWERS = {
    "all-is-well": answers(UP, *ALL, NOTED, NOTED),
    "notices-first": answers(UP, NOTED, *ALL, NOTHING, NOTED),
    **{f"kind-{n}": answers(UP, *[k] * 20) for n, k in enumerate(KINDS)},
    **{f"error-{n}": answers(UP, *[b"-%s\r\n" % e] * 20) for n, e in enumerate(ERRORS)},
    **{f"greeting-{n}": answers(0, *[k] * 8) for n, k in enumerate(KINDS)},
    **{f"setting-up-{n}": answers(GREETS, *[k] * 8) for n, k in enumerate(KINDS)},
    **{f"coturn-{n}": answers(UP | COTURN, *[k] * 8) for n, k in enumerate(KINDS)},
    **{f"sentinel-{n}": answers(GREETS | SENTINEL, *[k] * 8) for n, k in enumerate(KINDS)},
    "sentinel-knows": answers(
        GREETS | SENTINEL, b"*2\r\n$9\r\n127.0.0.1\r\n$1\r\n9\r\n", b"*-1\r\n"
    ),
    "coturn-user": answers(UP | COTURN, b"$32\r\n" + b"0a" * 16 + b"\r\n", TEXT, LIST),
    "answers-to-nothing": answers(UP, TEXT * 5, TEXT * 9),
    "replica": answers(0, b"+OK\r\n*1\r\n$5\r\nslave\r\n+PONG\r\n"),
    "no-protocol": answers(0, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "huge": answers(UP, b"*2147483647\r\n", b"$2147483647\r\n", b"*1048577\r\n"),
    "deep": answers(UP, b"*1\r\n" * 12),
    "full": answers(0, b"-ERR max number of clients reached\r\n", b"", b""),
    "hangs-up": bytes([UP, 255, 255, 255]),
    "hangs-up-later": answers(UP, *ALL[:3]) + b"\xff",
    "in-parts": answers(UP, *(bytes([b]) for b in TEXT + TEXT)),
}

CORPORA = {
    "message": MESSAGES,
    "attributes": ATTRIBUTES,
    "connection": CONNECTIONS,
    "frame": FRAMES,
    "proxy_header": PROXY_HEADERS,
    "redis_reply": ANSWERS,
    "hello": HELLOS,
    "dtls": DATAGRAMS,
    "ticket": TICKETS,
    "grant": GRANTS,
    "routes": ROUTES,
}


def main():
    for target, seeds in CORPORA.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, seed in seeds.items():
            (folder / name).write_bytes(seed)


if __name__ == "__main__":
    main()
