# SPDX-License-Identifier: MIT
"""tcp_relay.py — clients and peers of tcp_relay.sh. What has to wait for 30 s runs in threads."""

import os
import random
import select
import socket
import ssl
import struct
import threading
import time

from livetest import CLIENT4, CLIENT6, SERVER4, SERVER6, eventually, note, ok, run, server_namespace
from streamclient import StreamClient, connected, is_closed, reset, temporary
from stunclient import ALLOCATE, CHANNEL_BIND, CHANNEL_NUMBER, Client, DONT_FRAGMENT, EVEN_PORT
from stunclient import IPV4, IPV6, Message, REQUESTED_ADDRESS_FAMILY, REQUESTED_TRANSPORT
from stunclient import RESERVATION_TOKEN, XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS, family_of
from stunclient import family_value

CONNECT, CONNECTION_BIND, CONNECTION_ATTEMPT = 10, 11, 12
CONNECTION_ID = 0x002A
TCP = 6

WAYS = ("tcp", "tls")
MEGABYTE = 1 << 20
WORKERS = 4  # of tcp_relay.sh's server
WORKER_SHIFT = 24  # of a CONNECTION-ID: the worker that gave it
SLACK = 20.0  # seconds a loaded machine gets on top of a deadline

random.seed(6062)


def transport(number):
    return (REQUESTED_TRANSPORT, struct.pack("!B3x", number))


class Relay(StreamClient):
    """The control connection of an allocation over TCP."""

    def __init__(self, way, name, server=SERVER4, **more):
        super().__init__(server, *temporary(name), tls=way == "tls", **more)
        self.way = way

    def allocate_tcp(self, family=IPV4, *more):
        attributes = [transport(TCP), *more]
        if family == IPV6:
            attributes.append((REQUESTED_ADDRESS_FAMILY, family_value(family)))
        response = self.request(ALLOCATE, attributes)
        if response.error == 0:
            self.relayed = response.addresses(XOR_RELAYED_ADDRESS)
        return response

    def connect_peer(self, peer):
        """Code and CONNECTION-ID."""
        response = self.request(CONNECT, peers=[peer])
        return response.error, response.first(CONNECTION_ID)

    def attempt(self, seconds=5.0):
        """CONNECTION-ID and peer of the next ConnectionAttempt, or None."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            message = Message.decode(self.next_frame(left) or b"")
            if message and message.method == CONNECTION_ATTEMPT:
                return message.first(CONNECTION_ID), message.address(XOR_PEER_ADDRESS)
        return None


def allocated(way, name, host=CLIENT4, server=SERVER4):
    """A relay of the family of host, with a permission for it."""
    relay = Relay(way, name, server)
    code = relay.allocate_tcp(family_of(host)).error
    if code == 0:
        relay.permit(host)
        return relay
    relay.close()
    raise AssertionError(f"allocate: {code}")


class Data(StreamClient):
    """A data connection, to be bound with what its control connection knows."""

    def __init__(self, relay, **more):
        user = more.pop("user", relay.user.decode()), more.pop(
            "password", relay.password.decode()
        )
        super().__init__(relay.server, *user, tls=relay.way == "tls", **more)

    def bind_to(self, connection, behind=b""):
        """Code of a ConnectionBind, with bytes in the same segment behind the signed one."""
        attributes = [] if connection is None else [(CONNECTION_ID, connection)]
        if self.nonce is None:
            self.learn(self.request(CONNECTION_BIND, attributes, authenticated=False))
        data, transaction = self.signed(CONNECTION_BIND, attributes)
        self.frames.write(data + behind)
        return self.response(transaction).error

    def hear(self, size, seconds=5.0):
        """So many bytes of the peer, or what there is of them."""
        heard = self.frames.rest()
        deadline = time.monotonic() + seconds
        while len(heard) < size and (left := deadline - time.monotonic()) > 0:
            self.frames.sock.settimeout(left)
            try:
                more = self.frames.sock.recv(size - len(heard))
            except OSError:
                break
            if not more:
                break
            heard += more
        return heard


def hear(sock, size, seconds=5.0):
    """The same of a plain socket."""
    heard = b""
    deadline = time.monotonic() + seconds
    while len(heard) < size and (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            more = sock.recv(size - len(heard))
        except OSError:
            break
        if not more:
            break
        heard += more
    return heard


class Listener:
    """A peer that is connected to."""

    def __init__(self, host=CLIENT4, backlog=16):
        self.sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.sock.bind((host, 0))
        self.sock.listen(backlog)
        self.address = self.sock.getsockname()[:2]

    def accept(self, seconds=5.0):
        self.sock.settimeout(seconds)
        sock, source = self.sock.accept()
        return sock, source[:2]

    def close(self):
        self.sock.close()


def joined(relay, listener):
    """A peer connection and a data connection, joined."""
    code, connection = relay.connect_peer(listener.address)
    if code:
        raise AssertionError(f"connect: {code}")
    peer, _ = listener.accept()
    data = Data(relay)
    code = data.bind_to(connection)
    if code:
        raise AssertionError(f"bind: {code}")
    return peer, data


def worker_of(connection):
    return struct.unpack("!I", connection)[0] >> WORKER_SHIFT


def unknown_id(worker):
    """A CONNECTION-ID that a worker could have given, and has not."""
    return struct.pack("!I", worker << WORKER_SHIFT | (1 << WORKER_SHIFT) - 1)


def says_end(sock):
    """Half a close, for TLS too: below it, without a word of TLS."""
    socket.socket.shutdown(sock, socket.SHUT_WR)


# ---------------------------------------------------------------- allocations


def allocations():
    """C01 C02 Allocate"""
    for way in WAYS:
        with Relay(way, "first") as relay:
            response = relay.allocate_tcp()
            ok(
                (response.error, response.lifetime) == (0, 600)
                and relay.relayed[0][0] == SERVER4[0],
                f"C01 Allocate of TCP, {way}",
                response.error,
            )
            code = relay.allocate_tcp().error
            ok(code == 437, f"C01 a second one on the connection: 437, {way}", code)
        for what, attribute in {
            "EVEN-PORT": (EVEN_PORT, b"\0"),
            "DONT-FRAGMENT": (DONT_FRAGMENT, b""),
            "RESERVATION-TOKEN": (RESERVATION_TOKEN, bytes(8)),
        }.items():
            with Relay(way, "wishes") as relay:
                code = relay.allocate_tcp(IPV4, attribute).error
                ok(code == 400, f"C02 with {what}: 400, {way}", code)
    with Client(SERVER4) as client:
        code = client.request(ALLOCATE, [transport(TCP)]).error
        ok(code == 400, "C02 Allocate of TCP over UDP: 400", code)
        client.allocate()
        code = client.request(CONNECTION_BIND, [(CONNECTION_ID, bytes(4))]).error
        ok(code == 400, "C08 ConnectionBind over UDP: 400", code)
    with Relay("tcp", "channels") as relay:
        relay.allocate_tcp()
        number = [(CHANNEL_NUMBER, struct.pack("!HH", 0x4000, 0))]
        code = relay.request(CHANNEL_BIND, number, peers=[(CLIENT4, 9)]).error
        ok(code >= 400, "C11 ChannelBind on an allocation of TCP is refused", code)


# ---------------------------------------------------------------- both directions


def to_a_peer():
    """C03 Connect"""
    for way in WAYS:
        for host, server in ((CLIENT4, SERVER4), (CLIENT6, SERVER6)):
            words = f"{way}, {'IPv6' if ':' in host else 'IPv4'}"
            listener = Listener(host)
            with allocated(way, "outward", host, server) as relay:
                code, connection = relay.connect_peer(listener.address)
                peer, source = listener.accept()
                ok(
                    code == 0 and len(connection) == 4 and source == relay.relayed[0],
                    f"C01 C03 the peer is connected to from the relayed address, {words}",
                    code,
                    source,
                )
                peer.sendall(b"before the bind")
                with Data(relay) as data:
                    time.sleep(0.05)
                    code = data.bind_to(connection, b"in its segment")
                    first = hear(peer, 14)
                    ok(
                        code == 0 and first == b"in its segment",
                        f"C03 bytes behind the ConnectionBind reach the peer, {words}",
                        code,
                        first,
                    )
                    kept = data.hear(15)
                    ok(
                        kept == b"before the bind",
                        f"C03 bytes of the peer before it reach the client, {words}",
                        kept,
                    )
                peer.close()
            listener.close()


def is_turned_away(server):
    """Whether a connection is closed again; that may come before connect has returned."""
    try:
        with connected(server) as peer:
            return is_closed(peer, 5)
    except ConnectionResetError:
        return True


def from_a_peer():
    """C03 C09 ConnectionAttempt"""
    for way in WAYS:
        for host, server in ((CLIENT4, SERVER4), (CLIENT6, SERVER6)):
            words = f"{way}, {'IPv6' if ':' in host else 'IPv4'}"
            with allocated(way, "inward", host, server) as relay:
                peer = connected(relay.relayed[0], host)
                peer.sendall(b"I call")
                attempt = relay.attempt()
                ok(
                    attempt is not None and attempt[1] == peer.getsockname()[:2],
                    f"C09 a permitted peer that connects: ConnectionAttempt, {words}",
                    attempt,
                )
                with Data(relay) as data:
                    code = data.bind_to(attempt[0], b"I answer")
                    heard = data.hear(6), hear(peer, 8)
                    ok(
                        code == 0 and heard == (b"I call", b"I answer"),
                        f"C03 C09 both hear what was said early, {words}",
                        code,
                        heard,
                    )
                peer.close()
        with Relay(way, "closed") as relay:
            relay.allocate_tcp()
            closed, attempt = is_turned_away(relay.relayed[0]), relay.attempt(0.3)
            ok(closed and not attempt, f"C09 without a permission: closed, {way}", attempt)


def exchange(client, peer, upward, downward, slow):
    """Send both ways at once while the slow one, client or peer, reads little at a time. What
    the client heard, and the peer."""
    unsent = {client: memoryview(upward), peer: memoryview(downward)}
    heard = {client: bytearray(), peer: bytearray()}
    wanted = {client: len(downward), peer: len(upward)}
    deadline = time.monotonic() + 40
    for sock in unsent:
        sock.setblocking(False)
    while time.monotonic() < deadline:
        if all(len(heard[sock]) >= wanted[sock] for sock in heard):
            break
        for sock in unsent:
            room = 8192 if sock is slow else 65536
            try:
                more = sock.recv(room)
                if not more:
                    return bytes(heard[client]), bytes(heard[peer])
                heard[sock] += more
            except (ssl.SSLWantReadError, BlockingIOError):
                pass
            try:
                if unsent[sock]:
                    unsent[sock] = unsent[sock][sock.send(unsent[sock][:16384]) :]
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError, BlockingIOError):
                pass
        select.select([client, peer], [], [], 0.001)
        time.sleep(0.0005)
    return bytes(heard[client]), bytes(heard[peer])


def is_recorded():
    """Whether the last allocation that ended has a megabyte each way in its record."""
    with open(os.environ["SERVER_LOG"], encoding="utf-8", errors="replace") as log:
        records = [line for line in log if "msg=allocation_closed" in line]
    wanted = f"sent_bytes={MEGABYTE}", f"received_bytes={MEGABYTE}"
    return bool(records) and all(each in records[-1].split() for each in wanted)


def bulk():
    """C03 a megabyte each way"""
    listener = Listener()
    for way in WAYS:
        for slow in ("client", "peer"):
            with allocated(way, "bulk") as relay:
                peer, data = joined(relay, listener)
                sock = data.frames.sock
                upward, downward = random.randbytes(MEGABYTE), random.randbytes(MEGABYTE)
                heard = exchange(sock, peer, upward, downward, sock if slow == "client" else peer)
                ok(
                    heard == (downward, upward),
                    f"C03 1 MiB each way, byte for byte, a slow {slow}, {way}",
                    [len(each) for each in heard],
                )
                data.close()
                peer.close()
            if slow == "peer":
                ok(eventually(is_recorded), f"the session's record has the bytes, {way}")
    listener.close()


def held_back():
    """C03 back pressure"""
    listener = Listener()
    for way in WAYS:
        with allocated(way, "pressure") as relay:
            peer, data = joined(relay, listener)
            peer.setblocking(False)
            sent, block = 0, bytes(65536)
            while sent < 256 * MEGABYTE:
                try:
                    sent += peer.send(block)
                except BlockingIOError:
                    if not select.select([], [peer], [], 0.5)[1]:
                        break
            note(f"{sent} bytes fit between a peer and a client that reads nothing, {way}")
            held = sent < 256 * MEGABYTE
            got = 0
            data.frames.sock.settimeout(5)
            while got < sent and (more := data.frames.sock.recv(65536)):
                got += len(more)
            ok(
                held and got == sent,
                f"C03 a client that does not read holds the peer back, nothing is lost, {way}",
                f"{got} of {sent}",
            )
            data.close()
            peer.close()
    listener.close()


def many_workers():
    """C03 C08 any worker"""
    for way in WAYS:
        listeners = [Listener() for _ in range(24)]
        with allocated(way, "many") as relay:
            pairs = [joined(relay, listener) for listener in listeners]
            well = 0
            for number, (peer, data) in enumerate(pairs):
                words = f"number {number}".encode()
                data.frames.write(words)
                peer.sendall(hear(peer, len(words)))
                well += data.hear(len(words)) == words
            ok(
                well == len(pairs),
                f"C08 {len(pairs)} data connections, wherever the kernel put them, {way}",
                well,
            )
            for peer, data in pairs:
                peer.close()
                data.close()
        for listener in listeners:
            listener.close()


def to_and_fro():
    """C08 ConnectionBinds that lead from worker to worker"""
    listener = Listener()
    for way in WAYS:
        with allocated(way, "to and fro") as relay, Data(relay) as data:
            _, connection = relay.connect_peer(listener.address)
            peer, _ = listener.accept()
            others = [number for number in range(WORKERS) if number != worker_of(connection)]
            data.learn(data.request(CONNECTION_BIND, authenticated=False))
            binds = []
            for turn in range(200):
                identity = [(CONNECTION_ID, unknown_id(others[turn % 2]))]
                binds.append(data.signed(CONNECTION_BIND, identity))
            data.frames.write(b"".join(message for message, _ in binds))
            codes = {data.response(transaction).error for _, transaction in binds}
            ok(codes == {400}, f"C08 {len(binds)} binds to two workers in turn: 400, {way}", codes)
            # It has had its one move, to a worker that does not know the id.
            code = data.bind_to(connection)
            served = code != 0 and data.binding() is not None
            ok(
                code == 400 and served,
                f"C08 such a connection is moved once, and serves on, {way}",
                code,
                served,
            )
            with Data(relay) as fresh:
                code = fresh.bind_to(connection, b"at last")
                heard = hear(peer, 7)
                ok(
                    code == 0 and heard == b"at last",
                    f"C08 a new one binds after that, {way}",
                    code,
                    heard,
                )
            peer.close()
    listener.close()


# ---------------------------------------------------------------- the end


def ends():
    """C04 C10 ends"""
    listener = Listener()
    for way in WAYS:
        with allocated(way, "ends") as relay:
            peer, data = joined(relay, listener)
            peer.sendall(b"the last word")
            peer.close()
            heard = data.hear(13)
            closed = is_closed(data.frames.sock)
            ok(closed and heard == b"the last word", f"C04 the peer closes, {way}", heard)
            data.close()

            peer, data = joined(relay, listener)
            data.frames.write(b"the last word")
            data.close()
            heard = hear(peer, 13)
            closed = is_closed(peer)
            ok(closed and heard == b"the last word", f"C04 the client closes, {way}", heard)
            peer.close()

            peer, data = joined(relay, listener)
            says_end(data.frames.sock)
            ended = hear(peer, 1) == b""
            peer.sendall(b"still talking")
            heard = data.hear(13)
            peer.close()
            closed = is_closed(data.frames.sock)
            ok(
                ended and heard == b"still talking" and closed,
                f"C04 the client half-closes: it still hears the peer, {way}",
                ended,
                heard,
                closed,
            )
            data.close()

            peer, data = joined(relay, listener)
            says_end(peer)
            ended = data.hear(1) == b""
            data.frames.write(b"still talking")
            heard = hear(peer, 13)
            data.close()
            closed = is_closed(peer)
            ok(
                ended and heard == b"still talking" and closed,
                f"C04 the peer half-closes: it still hears the client, {way}",
                ended,
                heard,
                closed,
            )
            peer.close()

            peer, data = joined(relay, listener)
            reset(peer)
            ok(is_closed(data.frames.sock), f"C04 the peer resets, {way}")
            data.close()
            peer, data = joined(relay, listener)
            reset(data.frames.sock)
            ok(is_closed(peer), f"C04 the client resets, {way}")
            peer.close()

            code = relay.refresh().error
            ok(code == 0, f"C04 the allocation outlives its data connections, {way}", code)

            peer, data = joined(relay, listener)
            waiting = Listener()
            relay.connect_peer(waiting.address)
            unbound, _ = waiting.accept()
            relay.refresh(0)
            closed = is_closed(peer), is_closed(data.frames.sock), is_closed(unbound)
            ok(closed == (True,) * 3, f"C10 Refresh 0 ends all its connections, {way}", closed)
            code = relay.allocate_tcp().error
            ok(code == 0, f"C10 the control connection takes another Allocate, {way}", code)
            for sock in (peer, data, unbound, waiting):
                sock.close()

        relay = allocated(way, "ends")
        peer, data = joined(relay, listener)
        relay.close()
        closed = is_closed(peer), is_closed(data.frames.sock)
        ok(closed == (True,) * 2, f"C10 so does the end of the control connection, {way}", closed)
        peer.close()
        data.close()
    listener.close()


# ---------------------------------------------------------------- refusals


def connect_refused():
    """C05 C06 C07 T35 Connect"""
    listener = Listener()
    nobody = Listener()
    nobody.close()
    for way in WAYS:
        with Relay(way, "nobody") as relay:
            code, _ = relay.connect_peer(listener.address)
            ok(code == 437, f"C07 no allocation: 437, {way}", code)
        with Relay(way, "datagrams") as relay:
            relay.allocate()
            code, _ = relay.connect_peer(listener.address)
            ok(code >= 400, f"C07 on an allocation of UDP: an error, {way}", code)
        with allocated(way, "refused") as relay:
            start = time.monotonic()
            code, _ = relay.connect_peer(nobody.address)
            seconds = time.monotonic() - start
            ok(code == 447 and seconds < 10, f"C05 a peer that refuses: 447, {way}", code, seconds)
            code = relay.request(CONNECT).error
            ok(code == 400, f"C07 no XOR-PEER-ADDRESS: 400, {way}", code)
            code, _ = relay.connect_peer((CLIENT6, 9))
            ok(code == 443, f"C07 a peer of the other family: 443, {way}", code)
            code, connection = relay.connect_peer(listener.address)
            peer, _ = listener.accept()
            codes = code, relay.connect_peer(listener.address)[0]
            ok(codes == (0, 446), f"C06 connected to that peer already: 446, {way}", codes)
            with Data(relay) as data:
                code = data.bind_to(connection)
                codes = code, relay.connect_peer(listener.address)[0]
                ok(codes == (0, 446), f"C06 and so when it is joined, {way}", codes)
                peer.close()
                is_closed(data.frames.sock)
            again = eventually(lambda: relay.connect_peer(listener.address)[0] == 0)
            ok(again, f"C06 once it is over it can be had again, {way}")
            listener.accept()[0].close()
    with allocated("tcp", "policy") as relay:
        forbidden = [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "169.254.169.254",
            "192.168.1.1",
            "224.0.0.1",
            SERVER4[0],
        ]
        codes = {host: relay.connect_peer((host, 80))[0] for host in forbidden}
        ok(set(codes.values()) == {403}, "C07 T35 peers denied by default: 403", codes)
        codes = relay.connect_peer(relay.relayed[0])[0], relay.connect_peer((CLIENT4, 0))[0]
        ok(codes == (403, 403), "C07 T35 its own relayed address, and port 0: 403", codes)
    with allocated("tcp", "policy", CLIENT6, SERVER6) as relay:
        forbidden = ["::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:10.77.0.2", SERVER6[0]]
        codes = {host: relay.connect_peer((host, 80))[0] for host in forbidden}
        ok(set(codes.values()) <= {403, 443}, "C07 T35 the same, IPv6: 403", codes)
    with server_namespace():
        inside = Listener("127.0.0.1")
    with allocated("tcp", "loopback") as relay:
        code, _ = relay.connect_peer(inside.address)
        ok(code == 403, "T35 what listens on the server's loopback stays unreached", code)
    inside.close()
    listener.close()


def bind_refused():
    """C08 ConnectionBind"""
    listener = Listener()
    for way in WAYS:
        with allocated(way, "binder") as relay:
            code, connection = relay.connect_peer(listener.address)
            peer, _ = listener.accept()
            identity = [(CONNECTION_ID, connection)]
            with Data(relay) as data:
                response = data.request(CONNECTION_BIND, identity, authenticated=False)
                ok(response.error == 401, f"C08 unsigned: 401, {way}", response.error)
                data.learn(response)
                right, data.nonce = data.nonce, b"obMatJos2AAAA" + b"x" * 20
                message, transaction = data.signed(CONNECTION_BIND, identity)
                data.frames.write(message)
                response = data.response(transaction)
                ok(response.error == 438, f"C08 a wrong nonce: 438, {way}", response.error)
                data.nonce = right
                code = data.bind_to(bytes(a ^ 0x55 for a in connection))
                ok(code == 400, f"C08 an unknown id: 400, {way}", code)
                code = data.bind_to(None)
                ok(code == 400, f"C08 no id: 400, {way}", code)
                password, data.password = data.password, b"guessed"
                message, transaction = data.signed(CONNECTION_BIND, identity)
                data.frames.write(message)
                response = data.response(transaction)
                ok(response.error == 401, f"C08 a wrong password: 401, {way}", response.error)
                data.password = password
                with Data(relay, user="bob", password="builder") as other:
                    code = other.bind_to(connection)
                    ok(code in (401, 441), f"C08 another user: refused, {way}", code)
                    served = other.binding() is not None
                    ok(served, f"C08 and its connection serves on, {way}")
                code = data.bind_to(connection, b"at last")
                heard = hear(peer, 7)
                ok(
                    code == 0 and heard == b"at last",
                    f"C08 through all that the connection stays, and binds, {way}",
                    code,
                    heard,
                )
                with Data(relay) as late:
                    code = late.bind_to(connection)
                    ok(code == 400, f"C08 a used id: 400, {way}", code)
                data.frames.write(b" and on")
                ok(hear(peer, 7) == b" and on", f"C08 which leaves who used it alone, {way}")
            code = relay.request(CONNECTION_BIND, identity).error
            ok(code == 400, f"C08 on the control connection: 400, {way}", code)
            peer.close()
    listener.close()


# ---------------------------------------------------------------- what takes 30 s


class Slow(threading.Thread):
    """One of the waits; .results are the arguments of ok()."""

    def __init__(self, test):
        super().__init__(daemon=True)
        self.test = test
        self.results = []
        self.start()

    def run(self):
        try:
            self.results = list(self.test())
        except Exception as error:  # pylint: disable=broad-except
            self.results = [(False, self.test.__doc__, f"{type(error).__name__}: {error}")]

    def report(self):
        self.join()
        for result in self.results:
            ok(*result)


def unbound():
    """C13 peer connections that nobody binds"""
    listener = Listener()
    with allocated("tcp", "unbound") as relay:
        _, outward = relay.connect_peer(listener.address)
        peers = [listener.accept()[0], connected(relay.relayed[0])]
        inward, _ = relay.attempt()
        start = time.monotonic()
        for peer, what in zip(peers, ("connected to", "that connected")):
            closed = is_closed(peer, 30 + SLACK)
            seconds = time.monotonic() - start
            yield (
                closed and seconds > 25,
                f"C13 a peer {what}, unbound, is closed after 30 s",
                seconds,
            )
        with Data(relay) as data:
            codes = data.bind_to(outward), data.bind_to(inward)
            yield codes == (400, 400), "C13 their ids are unknown then: 400", codes
        code = relay.refresh(0).error
        yield code == 0, "C13 the allocation lives on", code


def no_answer():
    """C05 a peer that does not answer"""
    full = Listener(backlog=0)
    # One more than the queue takes: from then on the kernel drops what asks to connect.
    fill = []
    for _ in range(4):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(full.address)
        fill.append(sock)
    time.sleep(0.3)
    with allocated("tcp", "patient") as relay:
        relay.patience = 30 + SLACK
        start = time.monotonic()
        code, _ = relay.connect_peer(full.address)
        seconds = time.monotonic() - start
        yield code == 447 and seconds > 25, "C05 no answer within 30 s: 447", code, seconds
    for sock in fill:
        sock.close()


def main():
    waiting = Slow(unbound), Slow(no_answer)
    run(
        allocations,
        to_a_peer,
        from_a_peer,
        bulk,
        held_back,
        many_workers,
        to_and_fro,
        ends,
        connect_refused,
        bind_refused,
    )
    for each in waiting:
        each.report()


main()
