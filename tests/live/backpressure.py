# SPDX-License-Identifier: MIT
"""backpressure.py — the clients of backpressure.sh, and what the server's log says of them."""

import os
import re
import select
import ssl
import struct
import sys
import threading
import time

from livetest import CLIENT4, EchoPeer, SERVER4, eventually, note, ok, resident_bytes, run
from livetest import server_pid, skip, udp_socket
from streamclient import StreamClient, connected, frame_size, secured, temporary
from stunclient import BINDING, CREATE_PERMISSION, Client, Message

WAYS = ("tcp", "tls")
REQUESTS = 5000
CHANNEL = 0x4000
PACKETS, PACKET = 25000, 1200  # 30 MB
SLACK = 20.0  # seconds a loaded machine gets on top of a deadline
STALL = 30.0

SANITIZED = sys.argv[-1] == "yes"
PEER = EchoPeer(CLIENT4)


def stream(way, name, **more):
    return StreamClient(SERVER4, *temporary(name), tls=way == "tls", **more)


def session(way, name, peer, **more):
    """A client over any transport with a channel to the peer."""
    user = temporary(name)
    client = Client(SERVER4, *user) if way == "udp" else stream(way, name, **more)
    client.allocate()
    client.bind(CHANNEL, peer)
    return client


def grew(before, most, words):
    """One test: the server has not grown by more."""
    growth = resident_bytes(server_pid()) - before
    note(f"{words}: the server grew by {growth / 1024:.0f} KiB")
    words = f"{words}: less than {most >> 20} MiB more in the server"
    if SANITIZED:
        skip(words, "a sanitizer's memory says nothing")
    else:
        ok(growth < most, words, f"{growth} bytes")


# ---------------------------------------------------------------- pipelines


def pump(sock, data, seconds=30.0):
    """Write everything while reading whatever comes; the bytes read until they pause."""
    sock.setblocking(False)
    deadline = time.monotonic() + seconds
    view, read = memoryview(data), bytearray()
    while time.monotonic() < deadline:
        try:
            while True:
                more = sock.recv(65536)
                if not more:
                    return read
                read += more
        except (ssl.SSLWantReadError, BlockingIOError):
            pass
        try:
            while view:
                view = view[sock.send(view[:16384]) :]
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError, BlockingIOError):
            pass
        ready = select.select([sock], [sock] if view else [], [], 3.0)
        if not any(ready):
            break
    return read


def messages(data):
    """The messages in what a server has sent."""
    found = []
    while len(data) >= 4 and len(data) >= (size := frame_size(data)):
        found.append(Message.decode(bytes(data[:size])))
        data = data[size:]
    return found


def in_order(client, requests):
    """How many of the requests were answered well and in their order."""
    answers = messages(pump_all(client, requests))
    pairs = zip(answers, requests)
    return sum(a.transaction == t and a.error == 0 for a, (_, t) in pairs)


def pump_all(client, requests):
    return memoryview(pump(client.frames.sock, b"".join(data for data, _ in requests)))


def bindings(count):
    pairs = []
    for _ in range(count):
        message = Message(BINDING)
        pairs.append((message.encode(), message.transaction))
    return pairs


def pipelines():
    """S12 pipelines"""
    for way in WAYS:
        with stream(way, "pipeline") as client:
            right = in_order(client, bindings(REQUESTS))
            words = f"{REQUESTS} requests of a stranger at once, as many answers in order, {way}"
            ok(right == REQUESTS, f"S12 {words}", right)
        with session(way, "pipeline", PEER.address) as client:
            requests = bindings(REQUESTS // 2)
            for at in range(REQUESTS // 2):
                signed = client.signed(CREATE_PERMISSION, peers=[(CLIENT4, 0)])
                requests.insert(2 * at, signed)
            right = in_order(client, requests)
            words = f"{REQUESTS} of a client with an allocation, half of them signed, {way}"
            ok(right == REQUESTS, f"S12 {words}", right)


# ---------------------------------------------------------------- who never reads


class Mute:
    """A client that asks and asks and reads nothing, until the server takes no more."""

    def __init__(self, way):
        self.way = way
        self.sock = connected(SERVER4, receive_buffer=4096)
        if way == "tls":
            self.sock = secured(self.sock)
        self.sent = self._ask()
        self.since = time.monotonic()

    def _ask(self):
        """Write while it is taken within a second; how many bytes that were."""
        sent, most = 0, 64 << 20
        self.sock.setblocking(False)
        data = b"".join(question for question, _ in bindings(REQUESTS))
        at = 0
        while sent < most:
            try:
                # The same bytes again after a refusal, as OpenSSL has it.
                size = self.sock.send(data[at : at + 16000])
                sent += size
                at = (at + size) % len(data)
            except (ssl.SSLWantWriteError, BlockingIOError):
                if not select.select([], [self.sock], [], 1.0)[1]:
                    break
        return sent

    def report(self):
        """Closed with RST when its time is over."""
        poll = select.poll()
        poll.register(self.sock.fileno(), select.POLLRDHUP)
        left = STALL + SLACK - (time.monotonic() - self.since)
        ended = bool(poll.poll(max(left, 0) * 1000))
        seconds = time.monotonic() - self.since
        self.sock.close()
        note(f"{self.way}: took {self.sent} bytes of requests, closed after {seconds:.1f} s")
        ok(
            ended and self.sent < 64 << 20 and seconds > STALL - 5,
            f"who never reads is no longer read, and closed when it has stalled, {self.way}",
            seconds,
            self.sent,
        )


def mute_clients():
    """Both, and what they cost."""
    found = []
    for way in WAYS:
        before = resident_bytes(server_pid())
        found.append(Mute(way))
        grew(before, 4 << 20, f"a pipeline that nobody reads the answers of, {way}")
    return found


# ---------------------------------------------------------------- who is relayed to in vain


class Bystander(threading.Thread):
    """Echoes through a session of its own, one packet at a time, until told to stop."""

    def __init__(self, way):
        super().__init__(daemon=True)
        self.way = way
        self.client = session(way, f"bystander-{way}", PEER.address)
        self.count = self.lost = 0
        self.is_over = False
        self.start()

    def run(self):
        while not self.is_over:
            data = struct.pack("!I", self.count) + bytes(300)
            self.lost += not self.client.echoes(PEER.address, data, CHANNEL, seconds=5)
            self.count += 1
            time.sleep(0.002)

    def stop(self):
        self.is_over = True
        self.join()
        self.client.close()


def relayed_in_vain():
    """A flood to those who do not read."""
    sender = udp_socket(CLIENT4)
    bystanders = [Bystander(way) for way in ("udp", *WAYS)]
    for way in WAYS:
        # The same to one who reads first: what the server needs for that is not at stake.
        with session(way, "reader", sender.getsockname()) as reader:
            flood(sender, reader.relayed[0], 500, reader.frames.sock)
        before = resident_bytes(server_pid())
        connection = connected(SERVER4, receive_buffer=65536)
        lazy = session(way, "lazy", sender.getsockname(), connection=connection)
        flood(sender, lazy.relayed[0], PACKETS)
        grew(before, 2 << 20, f"30 MB relayed to a client that reads nothing, {way}")
        lazy.frames.sock.settimeout(5)
        frames = whole_frames(lazy)
        note(f"{frames} of {PACKETS} packets wait for it")
        ok(frames > 0, f"what it reads in the end is in step, {way}", frames)
        lazy.close()
    for each in bystanders:
        each.stop()
        ok(
            each.lost == 0 and each.count > 20,
            f"another client loses nothing meanwhile, {each.way}",
            f"{each.lost} of {each.count}",
        )
        note(f"{each.count} echoes over {each.way}")


def flood(sender, relay, count, reader=None):
    """So many packets at a pace that the server's socket can take."""
    for number in range(count):
        sender.sendto(struct.pack("!I", number) + bytes(PACKET - 4), relay)
        if number % 32 == 31:
            time.sleep(0.001)
            if reader:
                drain(reader)


def drain(sock):
    sock.settimeout(0.001)
    try:
        while sock.recv(65536):
            pass
    except TimeoutError:
        pass


def whole_frames(client):
    """Packets that come when reading at last: each whole, their numbers rising. 0: not so."""
    last, count = -1, 0
    while (frame := client.read(1.0)) is not None:
        kind, length, number = struct.unpack("!HHI", frame[:8])
        if (kind, length) != (CHANNEL, PACKET) or number <= last:
            return 0
        last, count = number, count + 1
    return count


# ---------------------------------------------------------------- the log


def counters():
    """the counters"""
    with open(os.environ["SERVER_LOG"], encoding="utf-8") as log:
        line = next(line for line in log if "direction=down" in line)
    count = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}
    drops = sum(value for name, value in count.items() if name.startswith("dropped"))
    note(line.strip())
    ok(
        count["dropped_queue_full"] > PACKETS // 2,
        "what was relayed in vain is counted as that",
        count["dropped_queue_full"],
    )
    ok(
        count["received"] == count["forwarded"] + drops,
        "every packet of a peer is counted as forwarded or dropped",
        count,
    )


def serve():
    """Who never reads waits for its end while the rest runs."""
    run(pipelines)
    mute = mute_clients()
    run(relayed_in_vain)
    for each in mute:
        each.report()
    back = eventually(lambda: stream("tcp", "later").binding() is not None)
    ok(back, "a newcomer is served behind it all")


if sys.argv[1] == "serve":
    serve()
else:
    run(counters)
