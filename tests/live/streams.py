# SPDX-License-Identifier: MIT
"""streams.py — the clients of streams.sh. What takes its time by nature, the deadlines, runs in
threads beside the rest."""

import contextlib
import os
import random
import signal
import socket
import ssl
import struct
import sys
import threading
import time

from dtlsclient import DTLS_1_0, Dtls, Refused
from livetest import CLIENT4, EchoPeer, SERVER4, SERVER6, cpu_seconds, eventually, hears, note
from livetest import ok, run, server_pid, udp_socket
from streamclient import Closed, NAME, StreamClient, connected, is_closed, reset, secured
from streamclient import temporary, tls_context
from stunclient import ALLOCATE, BINDING, CREATE_PERMISSION, Client, DATA_VALUE, INDICATION
from stunclient import Message, REQUESTED_TRANSPORT, SEND, UDP, XOR_MAPPED_ADDRESS
from stunclient import XOR_RELAYED_ADDRESS

TLS4, TLS6 = (SERVER4[0], 5349), (SERVER6[0], 5349)
PLAIN_TOO = (SERVER4[0], 5350)
RSA = (SERVER4[0], 5351)
OTHER_CLIENT = "10.77.0.3"
WAYS = ("tcp", "tls")
CHANNEL = 0x4000

random.seed(6062)
PEER = EchoPeer(CLIENT4)


def stream(way, name="someone", server=SERVER4, **more):
    """A client with a time-limited credential, whose quota is that of the name."""
    return StreamClient(server, *temporary(name), tls=way == "tls", **more)


def session(way, name, **more):
    """A client with an allocation, a permission and a channel for PEER."""
    client = stream(way, name, **more)
    code = client.allocate().error
    if code:
        client.close()
        raise AssertionError(f"allocate: {code}")
    client.bind(CHANNEL, PEER.address)
    return client


def dtls_client(server=SERVER4, name="someone", **more):
    """A client over DTLS."""
    return Client(server, *temporary(name), sock=Dtls(server, **more))


def binding():
    """A Binding request and its transaction."""
    message = Message(BINDING)
    return message.encode(), message.transaction


# ---------------------------------------------------------------- deadlines, in threads


class Fate(threading.Thread):
    """What becomes of a connection that is opened and then fed by speak(connection) every so
    many seconds: .seconds until the server ended it, None when it did not in .most."""

    def __init__(self, description, least, most, opener, speak=None, every=1.0):
        super().__init__(daemon=True)
        self.description = description
        self.least, self.most = least, most
        self.opener, self.speak, self.every = opener, speak, every
        self.seconds = self.error = None
        self.start()

    def run(self):
        try:
            connection = self.opener()
            start = time.monotonic()
            if self._ends(connection, start + self.most):
                self.seconds = time.monotonic() - start
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def _ends(self, connection, deadline):
        while time.monotonic() < deadline:
            connection.settimeout(self.every)
            try:
                if not connection.recv(65536):
                    return True
            except TimeoutError:
                pass
            except (OSError, Closed):
                return True
            try:
                if self.speak:
                    self.speak(connection)
            except OSError:
                return True
        return False

    def report(self):
        self.join()
        in_time = self.seconds is not None and self.least - 1 <= self.seconds <= self.most
        note(f"{self.description}: {self.seconds}")
        ok(self.error is None and in_time, self.description, self.seconds, self.error)


class Survivor(Fate):
    """One that is not to be ended."""

    def report(self):
        self.join()
        ok(self.error is None and self.seconds is None, self.description, self.seconds, self.error)


def after_binding(connection):
    data, _ = binding()
    connection.sendall(data)
    connection.settimeout(5)
    connection.recv(100)
    return connection


def half_a_hello():
    connection = connected(SERVER4)
    connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01")
    return connection


def begun_message():
    connection = connected(SERVER4)
    connection.sendall(b"\x00\x01\x02\x00")
    return connection


def quiet_dtls():
    client = dtls_client()
    client.binding()
    return client.sock


def quiet_session():
    client = session("tcp", "quiet")
    return client.frames.sock


def fates():
    """Started first, reported last. Deadlines are 10 s for the opening, 30 s between messages;
    a loaded machine gets 15 s more."""
    first, idle = (10, 25), (30, 45)
    return (
        Fate("a TCP connection that says nothing is closed", *first, lambda: connected(SERVER4)),
        Fate("half a ClientHello is closed", *first, half_a_hello),
        Fate("no message behind a TLS handshake: closed", *first, lambda: secured(connected(TLS4))),
        Fate(
            "a first message that comes a byte a second is closed",
            *first,
            begun_message,
            lambda connection: connection.sendall(b"x"),
        ),
        Fate("a DTLS session that says nothing is ended", *first, lambda: Dtls(SERVER4)),
        Fate("idle after a Binding, TCP: closed", *idle, lambda: after_binding(connected(SERVER4))),
        Fate(
            "idle after a Binding, TLS: closed",
            *idle,
            lambda: after_binding(secured(connected(TLS4))),
        ),
        Fate("idle after a Binding, DTLS: ended", *idle, quiet_dtls),
        Survivor(
            "S13 a Binding every 5 s keeps a connection",
            0,
            36,
            lambda: connected(SERVER4),
            after_binding,
            5.0,
        ),
        Survivor("an allocation keeps a quiet connection", 0, 36, quiet_session),
    )


# ---------------------------------------------------------------- Binding, addresses


def bindings():
    """S14 S20 S21 S22 Binding"""
    for server in (SERVER4, SERVER6):
        family = "IPv6" if ":" in server[0] else "IPv4"
        with Client(server) as client:
            client.sock.connect(server)
            seen, own = client.binding(), client.sock.getsockname()[:2]
            ok(seen == own, f"S20 Binding over UDP, {family}", seen, own)
        for way, number in (("tcp", "S20"), ("tls", "S21")):
            with stream(way, server=server) as client:
                seen, own = client.binding(), client.sock.getsockname()[:2]
                ok(seen == own, f"{number} S14 Binding over {way}, {family}", seen, own)
        with dtls_client(server) as client:
            seen, own = client.binding(), client.sock.getsockname()[:2]
            ok(seen == own, f"S22 S14 Binding over DTLS, {family}", seen, own)


def allocations():
    """T01 Allocate"""
    for way in (*WAYS, "dtls"):
        client = dtls_client(name="first") if way == "dtls" else stream(way, "first")
        with client:
            response = client.allocate()
            seen = response.address(XOR_MAPPED_ADDRESS)
            ok(
                response.error == 0
                and seen == client.sock.getsockname()[:2]
                and response.address(XOR_RELAYED_ADDRESS)[0] == SERVER4[0]
                and response.lifetime == 600,
                f"T01 S63 challenge and Allocate on one connection, {way}",
                response.error,
                seen,
            )
            client.permit(CLIENT4)
            client.bind(CHANNEL, PEER.address)
            data = random.randbytes(1000)
            by_channel = client.echoes(PEER.address, data, CHANNEL)
            ok(by_channel, f"relays both ways, {way}")
            code = client.refresh(0).error
            ok(code == 0, f"T22 Refresh 0, {way}", code)


def two_transports():
    """T17 the transport is part of the 5-tuple"""
    udp = udp_socket(CLIENT4)
    port = udp.getsockname()[1]
    with Client(SERVER4, *temporary("both"), sock=udp) as first:
        with stream("tcp", "both", source=(CLIENT4, port)) as second:
            codes = first.allocate().error, second.allocate().error
            ok(
                codes == (0, 0) and first.relayed != second.relayed,
                "T17 UDP and TCP from one address and port have an allocation each",
                codes,
            )
            second.refresh(0)
            code = first.refresh().error
            ok(code == 0, "T17 the end of one leaves the other alone", code)
            first.refresh(0)


# ---------------------------------------------------------------- framing


def every_split():
    """S11 every split"""
    for way in WAYS:
        with session(way, "split") as client:
            missing = []
            size = len(client.signed(CREATE_PERMISSION, peers=[(CLIENT4, 0)])[0])
            for at in range(1, size):
                data, transaction = client.signed(CREATE_PERMISSION, peers=[(CLIENT4, 0)])
                client.frames.write(data[:at])
                time.sleep(0.001)
                client.frames.write(data[at:])
                if client.response(transaction).error:
                    missing.append(at)
            ok(not missing, f"S11 a request in two segments at each of {size - 1} places, {way}")


def byte_by_byte():
    """S11 byte by byte"""
    for way in WAYS:
        with stream(way, "bytes") as client:
            client.frames.segment, client.frames.pause = 1, 0.0005
            code = client.allocate().error
            client.bind(CHANNEL, PEER.address)
            echoed = client.echoes(PEER.address, b"one byte at a time", CHANNEL)
            ok(code == 0 and echoed, f"S11 Allocate and data one byte at a time, {way}", code)


def hello_in_pieces():
    """S11 a hello byte by byte"""
    for size in (1, 2, 100):
        inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        session_ = tls_context().wrap_bio(inward, outward, server_hostname=NAME)
        with connected(TLS4) as sock:
            for _ in range(3):
                try:
                    session_.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    pass
                data = outward.read()
                for at in range(0, len(data), size):
                    sock.sendall(data[at : at + size])
                    time.sleep(0.0005)
                inward.write(sock.recv(65536))
            ok(session_.version() is not None, f"S11 a ClientHello in pieces of {size}")


def several_at_once():
    """S12 several messages"""
    for way in WAYS:
        with stream(way) as client:
            pairs = [binding() for _ in range(60)]
            client.frames.write(b"".join(data for data, _ in pairs))
            order = [Message.decode(client.read(2)).transaction for _ in pairs]
            ok(order == [each for _, each in pairs], f"S12 60 requests in one segment, {way}")
            pairs = [binding() for _ in range(60)]
            client.frames.segment, client.frames.pause = 33, 0.001
            client.frames.write(b"".join(data for data, _ in pairs))
            order = [Message.decode(client.read(2)).transaction for _ in pairs]
            ok(order == [each for _, each in pairs], f"S12 requests across segments, {way}")


def mixture(with_largest):
    """Bytes of a client, the transactions that are answered, and the payloads echoed."""
    data, transactions, payloads = bytearray(), [], []
    for size in (0, 1, 2, 3, 4, 5, 99, 1199, 1472, 8000):
        question, transaction = binding()
        data += question
        transactions.append(transaction)
        for payload in (random.randbytes(size), random.randbytes(size // 2)):
            data += struct.pack("!HH", CHANNEL, len(payload)) + payload + bytes(-len(payload) % 4)
            payloads.append(payload)
        payload = random.randbytes(size + 7)
        message = Message(SEND, INDICATION).add_peer(*PEER.address)
        data += message.add(DATA_VALUE, payload).encode()
        payloads.append(payload)
        data += struct.pack("!HH", CHANNEL + 1, 3) + b"xyz\0"  # a channel nobody has bound
        if with_largest and size in (3, 1199):
            data += struct.pack("!HH", CHANNEL, 65535) + random.randbytes(65535) + b"\0"
    question, transaction = binding()
    return bytes(data + question), [*transactions, transaction], payloads


def hear_all(client, answers, payloads):
    """Read until so many answers and payloads are there; both, in their order."""
    heard = [], []
    while (len(heard[0]), len(heard[1])) != (answers, payloads):
        frame = client.read(3)
        if frame is None:
            break
        if frame[0] & 0xC0:
            heard[1].append(frame[4 : 4 + struct.unpack("!H", frame[2:4])[0]])
        else:
            heard[0].append(Message.decode(frame).transaction)
    return heard


def any_segmentation():
    """T57 mixtures"""
    for way in WAYS:
        with session(way, "mixture") as client:
            for segment in (1, 7, 33, 1000, 1461, 16385, None):
                data, transactions, payloads = mixture(segment != 1)
                client.frames.segment = segment
                client.frames.write(data)
                answers, echoes = hear_all(client, len(transactions), len(payloads))
                what = f"pieces of {segment}" if segment else "one piece"
                ok(
                    answers == transactions and echoes == payloads,
                    f"T57 messages of all kinds in {what}, {way}",
                    f"{len(answers)} answers of {len(transactions)}",
                    f"{len(echoes)} echoes of {len(payloads)}",
                    f"{len(data)} bytes",
                )


def largest():
    """T57 the largest that UDP can carry"""
    for way in WAYS:
        with session(way, "large") as client:
            data = random.randbytes(65507)
            by_channel = client.echoes(PEER.address, data, CHANNEL, 5)
            ok(by_channel, f"T57 T44 65507 bytes are relayed both ways, {way}")
            client.send_channel(CHANNEL, data + b"x")
            client.send_channel(CHANNEL, bytes(65535))
            after = client.echoes(PEER.address, b"in step", CHANNEL)
            ok(after, f"T57 65508 and 65535 bytes are dropped in step, {way}")


def padding():
    """T56 T58 padding"""
    for way in WAYS:
        with session(way, "padding") as client:
            sizes, wrong = [], []
            for size in (*range(0, 9), 1001):
                data = random.randbytes(size)
                client.send_channel(CHANNEL, data)
                frame = client.next_frame() or b""
                sizes.append(len(frame))
                if frame[:4] != struct.pack("!HH", CHANNEL, size) or frame[4 : 4 + size] != data:
                    wrong.append(size)
            padded = [4 + size + -size % 4 for size in (*range(0, 9), 1001)]
            ok(not wrong, f"T58 ChannelData of 0 to 8 and 1001 bytes, both ways, {way}", wrong)
            # The next frame began where it had to, so the padding was there.
            ok(sizes == padded, f"T56 ChannelData is padded to 4, {way}", sizes)
            answered = client.binding() is not None
            ok(answered, f"T56 nothing is left over behind it, {way}")


# ---------------------------------------------------------------- the end of connections


def goes_on():
    """S13 T22 the connection outlives the allocation"""
    for way in WAYS:
        with session(way, "again") as client:
            relayed = client.relayed[0]
            response = client.refresh(0)
            stranger = udp_socket(CLIENT4)
            stranger.sendto(b"too late", relayed)
            late = client.receive(0.3)
            ok(
                (response.error, response.lifetime, late) == (0, 0, None),
                f"T22 Refresh 0 ends the relay at once, {way}",
                response.error,
                late,
            )
            ok(client.binding() is not None, f"S13 the connection serves on, {way}")
            code = client.allocate().error
            client.bind(CHANNEL, PEER.address)
            echoed = client.echoes(PEER.address, b"again", CHANNEL)
            ok(code == 0 and echoed, f"S13 T22 and takes another Allocate, {way}", code)
            client.refresh(0)


def ends_at_once():
    """T19 the end of a connection ends its allocation"""
    for way in WAYS:
        name = f"quota-{way}"
        clients = [session(way, name) for _ in range(4)]

        def next_code():
            with stream(way, name) as late:
                code = late.allocate().error
                if code == 0:
                    late.refresh(0)
                return code

        ok(next_code() == 486, f"T19 the quota is used up, {way}")
        clients.pop().close()
        freed = eventually(lambda: next_code() == 0, 3)
        ok(freed, f"T19 a closed connection gives its allocation back, {way}")
        clients.append(session(way, name))
        reset(clients.pop().frames.sock)
        freed = eventually(lambda: next_code() == 0, 3)
        ok(freed, f"T19 RST gives the allocation back, {way}")
        clients.append(session(way, name))
        relay = clients.pop()
        socket.socket.shutdown(relay.frames.sock, socket.SHUT_WR)
        freed = eventually(lambda: next_code() == 0, 3)
        ok(freed, f"T19 half a close gives the allocation back, {way}")
        relay.close()
        for client in clients:
            client.close()


@contextlib.contextmanager
def held_server():
    """What is sent meanwhile comes to the server in one batch."""
    os.kill(server_pid(), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server_pid(), signal.SIGCONT)


def ends_in_one_batch():
    """T19 an Allocate whose DTLS session ends behind it"""
    limit = 4
    for together in (False, True):
        words = "one datagram" if together else "one batch"
        name = f"leaver, {words}"
        for _ in range(limit + 2):
            with dtls_client(name=name) as client:
                transport = (REQUESTED_TRANSPORT, struct.pack("!B3x", UDP))
                client.learn(client.request(ALLOCATE, [transport], authenticated=False))
                message = Message(ALLOCATE, attributes=[transport, *client.credentials()])
                data = message.encode(client.key())
                with held_server():
                    client.sock.say_last(data, together)
        clients = [stream("tcp", name) for _ in range(limit)]
        codes = [client.allocate().error for client in clients]
        ok(
            codes == [0] * limit,
            f"T19 Allocate and the end of its DTLS session in {words}: the quota is free",
            codes,
        )
        for client in clients:
            client.close()


def half_close():
    """half-close"""
    for way in WAYS:
        with stream(way) as client:
            data, transaction = binding()
            client.frames.write(data * 20)
            # Below TLS: its end is not announced, as with clients that are killed.
            socket.socket.shutdown(client.frames.sock, socket.SHUT_WR)
            answers = [Message.decode(client.read(2)) for _ in range(20)]
            ended = is_closed(client.frames.sock)
            ok(
                all(each.transaction == transaction for each in answers) and ended,
                f"a client that has said its last is answered, then closed, {way}",
                ended,
            )


GARBAGE = {
    "random bytes": b"\x80" + random.randbytes(99),
    "all ones": b"\xff" * 64,
    "a length that is no multiple of 4": b"\x00\x01\x00\x03" + bytes(19),
    "a length beyond what strangers may send": b"\x00\x01\xff\xfc" + bytes(40),
}


def harms_only_itself():
    """S29 garbage"""
    for way in WAYS:
        with session(way, "bystander") as bystander:
            for what, data in GARBAGE.items():
                ends = []
                for asks_first in (False, True):
                    with stream(way) as client:
                        if asks_first:
                            client.binding()
                        client.frames.write(data)
                        ends.append(is_closed(client.frames.sock))
                well = bystander.echoes(PEER.address, b"unharmed", CHANNEL)
                ok(all(ends) and well, f"S29 {what}: closed, others unharmed, {way}", ends, well)
            with session(way, "garbage") as client:
                client.frames.write(b"\xc0" * 1000)
                ended = is_closed(client.frames.sock)
            well = bystander.echoes(PEER.address, b"unharmed", CHANNEL)
            ok(ended and well, f"S29 garbage behind an allocation: closed, {way}", ended, well)
            with stream(way) as client:
                client.frames.write(binding()[0][:13])
                socket.socket.shutdown(client.frames.sock, socket.SHUT_WR)
                ended = is_closed(client.frames.sock)
            well = bystander.echoes(PEER.address, b"unharmed", CHANNEL)
            ok(ended and well, f"S29 half a message, then the end: closed, {way}", ended, well)
    for what, data in {
        "a web browser": b"GET / HTTP/1.1\r\nHost: turn.north.gov\r\n\r\n",
        "a ClientHello of noise": b"\x16\x03\x01\x00\x40" + random.randbytes(64),
        "a TLS record of 65535 bytes": b"\x16\x03\x01\xff\xff" + bytes(100),
    }.items():
        with connected(SERVER4) as sock:
            sock.sendall(data)
            ok(is_closed(sock), f"S29 {what}: closed")


# ---------------------------------------------------------------- TLS


def versions():
    """S61 old versions"""
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        context = tls_context(least=version, most=version, ciphers="ALL:@SECLEVEL=0")
        try:
            secured(connected(TLS4), context).close()
            why = "served"
        except ssl.SSLError as error:
            why = error.reason
        ok("PROTOCOL_VERSION" in why, f"S61 {version.name} is refused", why)
    try:
        Dtls(SERVER4, version=DTLS_1_0, ciphers="ALL:@SECLEVEL=0", seconds=3).close()
        why = None
    except Refused as error:
        why = str(error)
    ok(why is not None, "S61 DTLS 1.0 is refused")
    note(f"DTLS 1.0: {why}")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = tls_context(least=version, most=version)
        with StreamClient(TLS4, tls=context) as client:
            served = client.binding() is not None
            ok(served, f"S61 {version.name} is served")


def ciphers():
    """S62 suites"""
    for kind, server in (("ECDSA", TLS4), ("RSA", RSA)):
        suite = f"ECDHE-{kind}-AES128-GCM-SHA256"
        context = tls_context(most=ssl.TLSVersion.TLSv1_2, ciphers=suite)
        with StreamClient(server, tls=context) as client:
            used = client.frames.sock.cipher()[0]
            served = client.binding() is not None
            ok(used == suite and served, f"S62 {suite}, TLS", used)
        with Client(server, sock=Dtls(server, ciphers=suite)) as client:
            used = client.sock.cipher()
            served = client.binding() is not None
            ok(used == suite and served, f"S62 {suite}, DTLS", used)
    for suite in ("AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA"):
        context = tls_context(most=ssl.TLSVersion.TLSv1_2, ciphers=f"{suite}:@SECLEVEL=0")
        try:
            secured(connected(RSA), context).close()
            why = "served"
        except ssl.SSLError as error:
            why = error.reason
        ok("HANDSHAKE_FAILURE" in why, f"S61 {suite} is refused", why)


def protocol_names():
    """A01 A02 ALPN"""
    offers = {
        ("stun.turn",): "stun.turn",
        ("stun.nat-discovery",): "stun.nat-discovery",
        ("xyz", "stun.turn"): "stun.turn",
        (): None,
    }
    for offer, expected in offers.items():
        words = ", ".join(offer) or "nothing"
        number = "A01" if offer else "A02"
        with StreamClient(TLS4, tls=tls_context(alpn=offer)) as client:
            chosen = client.frames.sock.selected_alpn_protocol()
            served = client.binding() is not None
            ok(chosen == expected and served, f"{number} offered {words}, TLS", chosen)
        with Client(SERVER4, sock=Dtls(SERVER4, alpn=offer)) as client:
            chosen = client.sock.alpn()
            served = client.binding() is not None
            ok(chosen == expected and served, f"{number} offered {words}, DTLS", chosen)
    try:
        secured(connected(TLS4), tls_context(alpn=("h2", "http/1.1"))).close()
        why = "served"
    except ssl.SSLError as error:
        why = str(error)
    ok("no application protocol" in why, "A02 no common protocol: that alert, TLS", why)
    try:
        Dtls(SERVER4, alpn=("h2",)).close()
        why = "served"
    except Refused as error:
        why = str(error)
    ok("no application protocol" in why, "A02 no common protocol: that alert, DTLS", why)


def shared_ports():
    """D01 shared ports"""
    with dtls_client(name="shared") as client:
        inside = client.allocate().error
        outside = Client(SERVER4, *temporary("shared"), sock=client.sock.sock)
        codes = inside, outside.allocate().error
        ok(
            codes == (0, 0) and client.relayed != outside.relayed,
            "D01 UDP and DTLS from one port of a client, told apart by the first byte",
            codes,
        )
        outside.refresh(0)
        code = client.refresh(0).error
        ok(code == 0, "D01 the end of one leaves the other alone", code)
    with udp_socket(CLIENT4) as sock:
        sock.connect(SERVER4)
        for first in range(1, 256):
            sock.send(bytes([first]) + random.randbytes(50))
        answer = hears(sock, 0.5)
        ok(answer is None, "D01 S01 no first byte but those of STUN and DTLS is answered", answer)
    for way in WAYS:
        with stream(way) as client:
            ok(client.binding() is not None, f"D01 tcp and tls share a port: {way}")
    with udp_socket(CLIENT4) as sock:
        sock.sendto(binding()[0], TLS4)
        ok(hears(sock, 0.5) is None, "D01 a port for DTLS alone does not answer plain STUN")
    with Client(TLS4, sock=Dtls(TLS4)) as client:
        ok(client.binding() is not None, "D01 a port for DTLS alone serves DTLS")


def plain():
    """plain STUN at a port for TLS"""
    for tls in (False, True):
        with StreamClient(PLAIN_TOO, *temporary("plain"), tls=tls) as client:
            code = client.allocate().error
            ok(code == 0, f"plain = yes: {'TLS' if tls else 'plain STUN'} is served", code)
    with connected(TLS4) as sock:
        sock.sendall(binding()[0])
        ok(is_closed(sock), "plain = no: plain STUN is closed")
        port = sock.getsockname()[1]

    def said():
        with open(os.environ["SERVER_LOG"], encoding="utf-8") as log:
            return [line for line in log if "plain_stun_on_tls_port" in line]

    lines = eventually(said) or [""]
    ok(
        f"{CLIENT4}:{port}" in lines[0] and 'plain = \\"yes\\"' in lines[0],
        "plain = no: the log says what to do",
        lines,
    )


# ---------------------------------------------------------------- limits


class Recorder(socket.socket):
    """A UDP socket that keeps what it hears."""

    def __init__(self):
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.heard = []

    def recv(self, *room):
        self.heard.append(super().recv(*room))
        return self.heard[-1]


def is_verify_request(datagram):
    """HelloVerifyRequest, which takes no signature: a handshake record whose message is one."""
    return datagram[0] == 22 and datagram[13] == 3


def crowd():
    """connections-per-address"""
    limit = 8

    def served(source=CLIENT4, server=SERVER4):
        try:
            sock = connected(server, source)
            sock.sendall(binding()[0])
            sock.settimeout(3)
            if sock.recv(100):
                return sock
        except OSError:
            pass
        return None

    socks = [served() for _ in range(limit)]
    ok(all(socks), f"{limit} connections of one address are served")
    ok(served() is None, "one more is closed")
    for what, opener in (
        ("TLS", lambda: secured(connected(TLS4))),
        ("DTLS", lambda: Dtls(SERVER4, seconds=2)),
    ):
        try:
            opener().close()
            refused = False
        except (OSError, Refused):
            refused = True
        ok(refused, f"so is one over {what}")
    recorder = Recorder()
    try:
        Dtls(SERVER4, seconds=2, sock=recorder).close()
    except Refused:
        pass
    heard = recorder.heard
    ok(
        heard and all(map(is_verify_request, heard)),
        "which hears of nothing that was signed for it",
        [len(each) for each in heard],
    )
    elsewhere = served(OTHER_CLIENT)
    ok(elsewhere is not None, "another address is served")
    with Client(SERVER4) as client:
        ok(client.binding() is not None, "UDP is served")
    socks.pop().close()
    again = eventually(served, 3)
    ok(again, "when one ends, another is served")
    six = [served(None, SERVER6) for _ in range(limit + 1)]
    ok(all(six[:limit]) and not six[limit], "IPv6: the same number, and no more")
    for sock in [*socks, elsewhere, again, *six]:
        if sock:
            sock.close()


def descriptors():
    """a server without descriptors"""
    with Client(SERVER4, *temporary("udp")) as bystander:
        bystander.allocate()
        bystander.permit(CLIENT4)
        socks = [connected(SERVER4) for _ in range(200)]
        before, start = cpu_seconds(server_pid()), time.monotonic()
        time.sleep(2)
        share = (cpu_seconds(server_pid()) - before) / (time.monotonic() - start)
        used = len(os.listdir(f"/proc/{server_pid()}/fd"))
        ok(used >= 63, "200 connections leave it without descriptors", f"{used} of 64 used")
        ok(share < 0.5, "the server does not spin without descriptors", f"{share:.0%} of a core")
        note(f"{share:.1%} of a core without descriptors")
        relays = bystander.echoes(PEER.address, b"still there?")
        ok(relays, "a session over UDP relays on")
        for sock in socks:
            sock.close()

        def served():
            try:
                with stream("tcp", "late", patience=1.0) as client:
                    return client.allocate().error == 0
            except (OSError, Closed):
                return False

        ok(eventually(served, 10), "descriptors that come back serve new connections")
        bystander.refresh(0)


def serve():
    waiting = fates()
    run(
        bindings,
        allocations,
        two_transports,
        every_split,
        byte_by_byte,
        hello_in_pieces,
        several_at_once,
        any_segmentation,
        largest,
        padding,
        goes_on,
        ends_at_once,
        ends_in_one_batch,
        half_close,
        harms_only_itself,
        versions,
        ciphers,
        protocol_names,
        shared_ports,
        plain,
    )
    for fate in waiting:
        fate.report()


if sys.argv[1] == "serve":
    serve()
else:
    run({"crowd": crowd, "descriptors": descriptors}[sys.argv[1]])
