# SPDX-License-Identifier: MIT
"""issue_rate.py — what credentials and users cost a server that keeps them in SQLite, or where
STORE in the environment says (an empty redis://127.0.0.1:PORT): the latency of issuing 1000
credentials a second over HTTP, and of a relay beside it, and beside 10 readings of the metrics a
second; how fast users are added, and how long the server takes to know one of ten, of a thousand
and of a hundred thousand. Figures, no verdicts.

    tests/bench/issue_rate.py [SERVER] [USERS]       on loopback, as anybody
"""

import http.client
import json
import multiprocessing
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "live"))
import livetest  # noqa: E402  pylint: disable=wrong-import-position
import stunclient  # noqa: E402  pylint: disable=wrong-import-position

HOST, PORT, HTTP = "127.0.0.1", 23478, 28080
ISSUES, PACKETS, SECONDS = 1000, 200, 10  # a second, a second, and for how long
SCRAPES = 10  # a second
ISSUERS, ADDERS, CONNECTIONS = 2, 2, 32  # processes, processes, connections of each adder
SAMPLE = 500  # users whose authentication is timed, at most

CONFIG = """
realm "north.gov" {{ user "alice" {{ password = "wonderland" }} }}
listen = {{ "udp:{host}:{port}" }}
peers {{ allow = {{ "127.0.0.1" }} }}
limits {{ challenges-per-prefix = "0/s" }}
store = "{store}"
control = "{folder}/control.sock"
http {{ listen = "{host}:{http}" }}
log {{ level = "warn" }}
"""


class Server:
    """The server on its own store, until the end of the block."""

    def __init__(self, program, folder):
        self._words = [program, "--set"]
        store = os.environ.get("STORE", f"sqlite:{folder}/turnpike.db")
        self._words += [CONFIG.format(host=HOST, port=PORT, http=HTTP, folder=folder, store=store)]
        self._control = f"{folder}/control.sock"
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen(self._words)
        livetest.eventually(lambda: socket.socket().connect_ex((HOST, HTTP)) == 0)
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)

    def resident_bytes(self):
        return livetest.resident_bytes(self._process.pid)

    def make_key(self, role):
        """A key of that role, by the control socket."""
        connection = http.client.HTTPConnection("turnpike")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self._control)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/keys", json.dumps({"role": role}), headers)
        return json.load(connection.getresponse())["key"]


class Connection:
    """A connection of HTTP that is kept alive, one request at a time."""

    def __init__(self, key):
        self._sock = socket.create_connection((HOST, HTTP))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._key = key

    def ask(self, path, content=None):
        """POST the content, or GET where there is none."""
        method, body = ("GET", "") if content is None else ("POST", json.dumps(content))
        self._sock.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: turnpike\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )

    def answer(self):
        """The status of the answer, which is read to its end."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += self._more()
        return int(head.split()[1])

    def _more(self):
        chunk = self._sock.recv(65536)
        if not chunk:
            raise ConnectionResetError("closed by the server")
        return chunk


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def show(title, took, more=""):
    """One line of latencies, which are in seconds."""
    took = [1e6 * each for each in sorted(took)]
    print(
        f"{title:36} p50 {percentile(took, 0.5):7.0f} us   p99 {percentile(took, 0.99):7.0f} us   "
        f"max {percentile(took, 1):7.0f} us   ({len(took)}{more})",
        flush=True,
    )


def every(rate, seconds):
    """Moments that are due, one after the other; each is waited for."""
    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        if (left := due - time.perf_counter()) > 0:
            time.sleep(left)
        yield due


def issue(key, rate, results):
    """Latencies from when a credential was due to be asked for: a late one counts as slow."""
    connection = Connection(key)
    took = []
    for number, due in enumerate(every(rate, SECONDS)):
        connection.ask("/v1/credentials", {"user": f"user{number}"})
        if connection.answer() == 201:
            took.append(time.perf_counter() - due)
    results.put(took)


def scrape(key, results):
    """Latencies of reading the metrics."""
    connection = Connection(key)
    took = []
    for due in every(SCRAPES, SECONDS):
        connection.ask("/metrics")
        if connection.answer() == 200:
            took.append(time.perf_counter() - due)
    results.put(took)


def relay(results):
    """Round trips of a relay over UDP."""
    peer = livetest.EchoPeer(HOST)
    client = stunclient.Client((HOST, PORT))
    client.allocate()
    client.bind(0x4000, peer.address)
    took = []
    for _ in every(PACKETS, SECONDS):
        began = time.perf_counter()
        if client.echoes(peer.address, b"x" * 100, channel=0x4000):
            took.append(time.perf_counter() - began)
    client.refresh(lifetime=0)
    results.put(took)


def beside_each_other(server):
    """Issuing and relaying, each alone and then together."""
    key = server.make_key("issue")
    for title, issuers, relays in (
        ("alone", 0, 1),
        ("alone", ISSUERS, 0),
        ("together", ISSUERS, 1),
    ):
        issued, relayed = multiprocessing.Queue(), multiprocessing.Queue()
        rate = ISSUES / ISSUERS
        workers = [
            multiprocessing.Process(target=issue, args=(key, rate, issued)) for _ in range(issuers)
        ]
        workers += [multiprocessing.Process(target=relay, args=(relayed,)) for _ in range(relays)]
        for worker in workers:
            worker.start()
        took = [each for _ in range(issuers) for each in issued.get()]
        if issuers:
            show(f"issue, {title}", took, f" in {SECONDS} s")
        if relays:
            show(f"relay, {title}", relayed.get(), f" in {SECONDS} s")
        for worker in workers:
            worker.join()


def scraped(server):
    """The relay alone and beside the reading of metrics, in turns."""
    key = server.make_key("read")
    for title, scrapes in 2 * (("alone", 0), ("scraped", 1)):
        read, relayed = multiprocessing.Queue(), multiprocessing.Queue()
        workers = [multiprocessing.Process(target=scrape, args=(key, read))] * scrapes
        workers += [multiprocessing.Process(target=relay, args=(relayed,))]
        for worker in workers:
            worker.start()
        if scrapes:
            show("metrics", read.get(), f" in {SECONDS} s")
        show(f"relay, {title}", relayed.get(), f" in {SECONDS} s")
        for worker in workers:
            worker.join()


def user(number):
    return f"user{number}@north.gov", f"password of {number}"


def add(key, first, behind, added):
    """Users of a range of numbers, over many connections at once."""
    connections = [Connection(key) for _ in range(CONNECTIONS)]
    count = 0
    for start in range(first, behind, CONNECTIONS):
        asked = connections[: behind - start]
        for number, connection in enumerate(asked, start):
            name, password = user(number)
            connection.ask("/v1/users", {"name": name, "password": password})
        count += sum(connection.answer() == 201 for connection in asked)
    added.put(count)


def add_users(server, first, behind):
    key = server.make_key("admin")
    added = multiprocessing.Queue()
    share = (behind - first) // ADDERS
    ranges = [(first + share * each, first + share * (each + 1)) for each in range(ADDERS)]
    workers = [multiprocessing.Process(target=add, args=(key, *each, added)) for each in ranges]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    count = sum(added.get() for _ in workers)
    took = time.perf_counter() - began
    for worker in workers:
        worker.join()
    print(
        f"users added: {count} in {took:.1f} s, {count / took:.0f}/s over "
        f"{ADDERS * CONNECTIONS} connections, {server.resident_bytes() >> 10} KiB resident",
        flush=True,
    )


def time_to_know(number):
    """How long the first signed request of a user takes, in seconds."""
    with stunclient.Client((HOST, PORT), *user(number)) as client:
        transport = [(stunclient.REQUESTED_TRANSPORT, bytes([stunclient.UDP, 0, 0, 0]))]
        client.learn(client.request(stunclient.ALLOCATE, transport, authenticated=False))
        began = time.perf_counter()
        error = client.allocate().error
        took = time.perf_counter() - began
        if error:
            raise RuntimeError(f"{user(number)[0]}: {error}")
        client.refresh(lifetime=0)
    return took


def authenticate(count):
    """Of `count` users: those the server has not seen since it was started, and the same again."""
    numbers = random.sample(range(count), min(count, SAMPLE))
    for title in ("cold", "cached"):
        show(f"one of {count} users, {title}", [time_to_know(number) for number in numbers])


def main():
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    program = sys.argv[1] if len(sys.argv) > 1 else str(root / "src/turnpike")
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 100000
    os.environ["SERVER_PID"] = "0"
    with tempfile.TemporaryDirectory() as folder:
        with Server(program, folder) as server:
            beside_each_other(server)
            scraped(server)
        there = 0
        for count in (10, 1000, most):
            with Server(program, folder) as server:
                add_users(server, there, count)
            there = count
            with Server(program, folder):
                authenticate(count)


if __name__ == "__main__":
    main()
