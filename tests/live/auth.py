# SPDX-License-Identifier: MIT
"""auth.py — who is let in, and with what answer the others are kept out."""

import base64
import hashlib
import hmac
import struct
import time

from livetest import SERVER4, ok, run
from stunclient import ALLOCATE, Client, ERROR, MD5, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256
from stunclient import Message, NONCE, NONCE_COOKIE, PASSWORD_ALGORITHM, PASSWORD_ALGORITHMS
from stunclient import REALM, REFRESH, REQUESTED_TRANSPORT, SHA256, SOFTWARE, UDP, USERHASH
from stunclient import USERNAME

TRANSPORT = (REQUESTED_TRANSPORT, bytes([UDP, 0, 0, 0]))
OFFER = struct.pack("!HHHH", MD5, 0, SHA256, 0)
OFFERS = {OFFER, struct.pack("!HHHH", SHA256, 0, MD5, 0)}


def challenged(**options):
    """A client that has its realm and nonce, and nothing else yet."""
    client = Client(SERVER4, **options)
    client.learn(client.request(ALLOCATE, [TRANSPORT], authenticated=False))
    return client


def ask(client, attributes, key=None, sha256=False, method=ALLOCATE):
    """One request exactly as told; its response."""
    message = Message(method, attributes=attributes)
    return client.transact(message.encode(key, sha256), message.transaction)


def challenge():
    """S30 the challenge"""
    with Client(SERVER4) as client:
        answer = client.request(ALLOCATE, [TRANSPORT], authenticated=False)
    nonce = answer.first(NONCE)
    ok(
        (answer.kind, answer.error, answer.first(REALM)) == (ERROR, 401, b"north.gov") and nonce,
        "S30 a request without integrity: 401 with REALM and NONCE",
        answer.attributes,
    )
    extra = [
        kind
        for kind in (USERNAME, USERHASH, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256, SOFTWARE)
        if answer.first(kind) is not None
    ]
    ok(not extra, "S31 S23 that 401 has no name, no integrity, no SOFTWARE", extra)
    features = base64.b64decode(nonce[9:13])
    ok(
        nonce.startswith(NONCE_COOKIE) and features[0] & 0xC0 == 0x80,
        "S41 the nonce cookie offers algorithms, and no hidden names beside secrets",
        nonce,
    )
    ok(
        answer.first(PASSWORD_ALGORITHMS) in OFFERS,
        "S30 S41 PASSWORD-ALGORITHMS lists MD5 and SHA-256",
        answer.first(PASSWORD_ALGORITHMS),
    )


def served():
    """S46 S42 every kind of client is served"""
    for words, options in (
        ("S46 S37 a client of RFC 5389", {}),
        ("S49 S37 MD5 under RFC 8489", {"algorithm": MD5}),
        ("S42 S37 SHA-256", {"algorithm": SHA256}),
        ("S48 SHA-256 and a hidden name", {"algorithm": SHA256, "userhash": True}),
        ("S48 MD5 and a hidden name", {"algorithm": MD5, "userhash": True}),
        ("S48 a hidden name alone", {"userhash": True}),
    ):
        with Client(SERVER4, **options) as client:
            codes = client.allocate().error, client.allocate().error, client.refresh(0).error
            ok(codes == (0, 437, 0), f"{words}: served, and answers are signed", codes)


def refused():
    """S33 who is not let in"""
    for words, options in (
        ("S33 a wrong password", {"password": "wrong"}),
        ("S33 S42 a wrong password under SHA-256", {"password": "wrong", "algorithm": SHA256}),
        ("S34 an unknown user", {"user": "mallory"}),
        ("S34 S48 an unknown hidden name", {"user": "mallory", "userhash": True}),
    ):
        with Client(SERVER4, **options) as client:
            answer = client.allocate()
            ok(
                answer.error == 401 and answer.first(REALM) and answer.first(NONCE),
                f"{words}: 401 with REALM and NONCE",
                answer.attributes,
            )


def incomplete():
    """S32 parts that are missing, changed or not ours"""
    with challenged() as client:
        whole = client.credentials()
        codes = []
        for left_out in (USERNAME, REALM, NONCE):
            rest = [each for each in whole if each[0] != left_out]
            answer = ask(client, [TRANSPORT, *rest], client.key())
            codes.append((answer.error, answer.first(NONCE)))
        ok(codes == [(400, None)] * 3, "S32 no USERNAME, REALM or NONCE: 400", codes)

        foreign = [(kind, b"elsewhere" if kind == REALM else value) for kind, value in whole]
        client_key = hashlib.md5(b"alice:elsewhere:wonderland").digest()
        code = ask(client, [TRANSPORT, *foreign], client_key).error
        ok(code == 401, "S36 a realm that is not ours: 401", code)

    with challenged(algorithm=SHA256) as client:
        name, realm, nonce, offered, chosen = client.credentials()
        weaker = (PASSWORD_ALGORITHMS, struct.pack("!HH", MD5, 0))
        strange = (PASSWORD_ALGORITHM, struct.pack("!HH", 77, 0))
        for words, attributes in (
            ("S43 PASSWORD-ALGORITHMS differs from what was offered", [weaker, chosen]),
            ("S44 PASSWORD-ALGORITHMS alone", [offered]),
            ("S44 PASSWORD-ALGORITHM alone", [chosen]),
            ("S45 an algorithm that was not offered", [offered, strange]),
        ):
            answer = ask(client, [TRANSPORT, name, realm, nonce, *attributes], client.key(), True)
            ok(answer.error == 400, f"{words}: 400", answer.error)


def nonces():
    """S35 S47 nonces"""
    with Client(SERVER4) as client:
        client.allocate()
        good = client.nonce
        plain = good[:9] + base64.b64encode(b"\0\0\0") + good[13:]
        client.nonce = plain
        answer = ask(client, client.credentials(), client.key(), method=REFRESH)
        ok(
            answer.error == 438 and answer.first(NONCE) and answer.first(REALM),
            "S47 S35 a nonce whose feature bits were changed: 438",
            answer.attributes,
        )
        client.nonce = good
        code = client.refresh(600).error
        ok(code == 0, "S51 a 438 does not harm the allocation", code)
        with Client(SERVER4) as other:
            other.realm, other.nonce = client.realm, good
            code = other.allocate().error
            ok(code == 0, "Q03 a nonce learnt on another socket leads to success", code)


def other_users():
    """T18 T62 other credentials on an allocation"""
    with Client(SERVER4) as client:
        client.allocate()
        client.user, client.password = b"bob", b"builder"
        other = client.refresh(600).error
        client.password = b"wrong"
        wrong = client.refresh(600).error
        client.user, client.password = b"alice", b"wonderland"
        own = client.refresh(600).error
        ok(
            (other, wrong, own) == (441, 401, 0),
            "T18 T62 another user: 441; a wrong password: 401; the allocation lives",
            (other, wrong, own),
        )


def limited(name, secret=b"verysecret", digest=hashlib.sha1):
    """The code that a time-limited credential gets."""
    password = base64.b64encode(hmac.new(secret, name.encode(), digest).digest()).decode()
    with Client(SERVER4, name, password) as client:
        return client.allocate().error


def time_limited():
    """R01 time-limited credentials"""
    later, earlier = int(time.time()) + 3600, int(time.time()) - 3600
    ok(limited(f"{later}:carol") == 0, "R01 expiry:user")
    ok(limited(f"carol:{later}") == 0, "R01 user:expiry")
    ok(limited(f"{later}") == 0, "R01 a bare expiry")
    ok(limited(f"{later}:@carol:example.org") == 0, "R01 a user with colons")
    ok(limited(f"{later}:carol", b"newsecret") == 0, "R03 a second secret")
    ok(limited(f"{earlier}:carol") == 401, "R02 an expired one: 401")
    ok(limited(f"{later}:carol", b"othersecret") == 401, "R02 another secret: 401")


run(challenge, served, refused, incomplete, nonces, other_users, time_limited)
