# SPDX-License-Identifier: MIT
"""flood.sh — how much comes back for one small datagram of a stranger: bytes of UDP payload."""

import os
import struct
import time

from livetest import CLIENT4, CLIENT6, SERVER4, SERVER6, note, ok, run, udp_socket
from stunclient import ALLOCATE, BINDING, CHANGE_REQUEST, CHANNEL_BIND, CREATE_PERMISSION, DATA
from stunclient import DONT_FRAGMENT, ERROR, INDICATION, IPV4, MESSAGE_INTEGRITY
from stunclient import MESSAGE_INTEGRITY_SHA256, Message, NONCE, PASSWORD_ALGORITHMS, REALM
from stunclient import REFRESH, REQUESTED_ADDRESS_FAMILY, REQUESTED_TRANSPORT, SEND
from stunclient import SHARED_SECRET, SUCCESS, UDP, USERNAME, family_value

TRANSPORT = (REQUESTED_TRANSPORT, bytes([UDP, 0, 0, 0]))
UNKNOWN = (0x7FFE, b"")
MANY_UNKNOWN = [(kind, b"") for kind in range(0x30, 0x50)]
REALM_ATTRIBUTE = (REALM, b"turn.example.org")
FORGED = (MESSAGE_INTEGRITY, bytes(20))
FORGED_256 = (MESSAGE_INTEGRITY_SHA256, bytes(32))


def request(method, *attributes, **options):
    return Message(method, attributes=attributes).encode(**options)


def classic(*attributes):
    """A Binding of RFC 3489: no cookie."""
    data = request(BINDING, *attributes)
    return data[:4] + b"\0\1\2\3" + data[8:]


def questions():
    """What strangers may ask, by name."""
    everything = {
        "Binding": request(BINDING),
        "Binding with FINGERPRINT": request(BINDING, fingerprint=True),
        "Binding with an unknown attribute": request(BINDING, UNKNOWN),
        "Binding with many unknown ones": request(BINDING, *MANY_UNKNOWN),
        "Binding with forged integrity": request(BINDING, FORGED),
        "classic Binding": classic(),
        "classic Binding with CHANGE-REQUEST": classic((CHANGE_REQUEST, bytes(4))),
        "Shared Secret": request(SHARED_SECRET),
        "Allocate with a transport": request(ALLOCATE, TRANSPORT),
        "Allocate with FINGERPRINT": request(ALLOCATE, fingerprint=True),
        "Allocate with one empty attribute": request(ALLOCATE, (DONT_FRAGMENT, b"")),
        "Allocate with a transport and FINGERPRINT": request(ALLOCATE, TRANSPORT, fingerprint=True),
        "Allocate with a family": request(
            ALLOCATE, TRANSPORT, (REQUESTED_ADDRESS_FAMILY, family_value(IPV4))
        ),
        "Allocate with forged integrity": request(ALLOCATE, FORGED),
        "Allocate with forged SHA-256 integrity": request(ALLOCATE, FORGED_256),
        "Allocate with a forged name": request(
            ALLOCATE, (USERNAME, b"a"), (REALM, b"r"), (NONCE, b"n"), FORGED
        ),
        "Allocate with forged algorithms": request(
            ALLOCATE,
            (USERNAME, b"alice"),
            REALM_ATTRIBUTE,
            (NONCE, b"obMatJos2wAAAabcdefghijk"),
            (PASSWORD_ALGORITHMS, struct.pack("!HH", 1, 0)),
            FORGED,
        ),
    }
    for name, method in METHODS.items():
        everything[f"bare {name}"] = request(method)
    return everything


METHODS = {
    "Allocate": ALLOCATE,
    "Refresh": REFRESH,
    "CreatePermission": CREATE_PERMISSION,
    "ChannelBind": CHANNEL_BIND,
}

# What nobody asked for, or nobody can read: silence.
UNANSWERED = {
    "an undefined method": request(0x0F),
    "another one": request(0x0AAA),
    "a Binding indication": Message(BINDING, INDICATION).encode(),
    "an Allocate indication": Message(ALLOCATE, INDICATION).encode(),
    "a Send indication": Message(SEND, INDICATION).add_peer(CLIENT4, 9).encode(),
    "a Data indication": Message(DATA, INDICATION).add_peer(CLIENT4, 9).encode(),
    "a success": Message(BINDING, SUCCESS).encode(),
    "an error": Message(ALLOCATE, ERROR, [(9, b"\0\0\4\1")]).encode(),
    "ChannelData": b"\x40\x00\x00\x04data",
    "nothing": b"",
    "noise": os.urandom(64),
    "a truncated request": request(ALLOCATE, TRANSPORT)[:-1],
    "a request with a tail": request(BINDING) + b"tail",
    "a wrong fingerprint": request(BINDING, fingerprint=True)[:-1] + b"\x77",
}


def answers(server, own, datagrams):
    """Bytes that come back for each datagram, each put from a port of its own."""
    sockets = {name: udp_socket(own) for name in datagrams}
    for name, sock in sockets.items():
        sock.sendto(datagrams[name], server)
    time.sleep(0.7)
    sizes = {}
    for name, sock in sockets.items():
        sock.setblocking(False)
        sizes[name] = 0
        try:
            while True:
                sizes[name] += len(sock.recv(65535))
        except BlockingIOError:
            sock.close()
    return sizes


def limit(name, question, binding):
    """The ratio that the answer must not pass."""
    if name == "Binding":
        return binding
    return 4.4 if len(question) == 20 and name.startswith("bare") else max(3.2, binding)


def ratios(server, own, family, binding):
    asked = questions()
    sizes = answers(server, own, asked)
    for name, size in sizes.items():
        note(f"{family} {name}: {len(asked[name])} -> {size}, {size / len(asked[name]):.2f}")
    ratio = sizes["Binding"] / 20
    ok(0 < ratio <= binding, f"S60 {family} a Binding gives at most {binding} times as much", ratio)
    challenge = sizes["Allocate with a transport"]
    ok(0 < challenge <= 88, f"S60 {family} a challenge has at most 88 bytes", challenge)
    above = {
        name: f"{len(asked[name])} -> {size}"
        for name, size in sizes.items()
        if size > limit(name, asked[name], binding) * len(asked[name]) + 0.001
    }
    ok(not above, f"S60 {family} nothing gives more than 3.2, bare requests 4.4", above)
    noise = {name: size for name, size in answers(server, own, UNANSWERED).items() if size}
    ok(not noise, f"S01 S02 S06 S07 S08 S17 {family} what asks nothing gets nothing", noise)


def ratios_ipv4():
    """S60 IPv4"""
    ratios(SERVER4, CLIENT4, "IPv4", 1.6)


def ratios_ipv6():
    """S60 IPv6"""
    ratios(SERVER6, CLIENT6, "IPv6", 2.2)


run(ratios_ipv4, ratios_ipv6)
