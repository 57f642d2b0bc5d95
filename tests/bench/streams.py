# SPDX-License-Identifier: MIT
"""streams.py — what clients over TCP and TLS cost: resident bytes of each idle allocation, and what
500 TLS handshakes a second do to the latency of a relay beside them. Figures, no verdicts.

    tests/bench/streams.py [SERVER] [ALLOCATIONS]       on loopback, as anybody
"""

import multiprocessing
import os
import pathlib
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "live"))
import livetest  # noqa: E402  pylint: disable=wrong-import-position
import stunclient  # noqa: E402  pylint: disable=wrong-import-position

HOST, PLAIN, SECURE = "127.0.0.1", 23478, 25349
RATE, SECONDS = 500, 10

CONFIG = """
realm "north.gov" {{ user "alice" {{ password = "wonderland" }} }}
listen = {{ "udp:{host}:{plain}", "tcp:{host}:{plain}", "tls:{host}:{secure}" }}
tls {{ certificate = "{folder}/cert.pem" key = "{folder}/key.pem" }}
peers {{ allow = {{ "127.0.0.1" }} }}
limits {{ connections-per-address = 0 }}
log {{ level = "warn" }}
"""


class Stream:
    """A connected socket that gives one message at a time, as a UDP socket would."""

    def __init__(self, sock):
        self._sock = sock
        self._input = b""

    def sendto(self, data, _server):
        self._sock.sendall(data)

    def settimeout(self, seconds):
        self._sock.settimeout(seconds)

    def getsockname(self):
        return self._sock.getsockname()

    def close(self):
        self._sock.close()

    def recv(self, _room):
        while True:
            if len(self._input) >= 4:
                kind, length = struct.unpack("!HH", self._input[:4])
                size = 20 + length if kind < 0x4000 else 4 + length + -length % 4
                if len(self._input) >= size:
                    message, self._input = self._input[:size], self._input[size:]
                    return message
            chunk = self._sock.recv(65536)
            if not chunk:
                raise ConnectionResetError("closed by the server")
            self._input += chunk


def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect(port, context=None):
    sock = socket.create_connection((HOST, port))
    return context.wrap_socket(sock) if context else sock


def allocate(stream):
    client = stunclient.Client((HOST, PLAIN), sock=stream)
    if client.allocate(lifetime=3600).error != 0:
        raise RuntimeError("no allocation")
    return client


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "30", "-subj", "/CN=localhost"]
        + ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
        check=True,
        capture_output=True,
    )


def start(server, folder):
    text = CONFIG.format(host=HOST, plain=PLAIN, secure=SECURE, folder=folder)
    process = subprocess.Popen([server, "--set", text])  # pylint: disable=consider-using-with
    livetest.eventually(lambda: socket.socket().connect_ex((HOST, PLAIN)) == 0)
    return process


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def bytes_each(server, folder, count, port, context):
    """Resident bytes of the server for each of `count` idle allocations."""
    process = start(server, folder)
    try:
        kept = [allocate(Stream(connect(port, context))) for _ in range(50)]  # warm
        before = livetest.resident_bytes(process.pid)
        kept += [allocate(Stream(connect(port, context))) for _ in range(count)]
        after = livetest.resident_bytes(process.pid)
        for client in kept:
            client.close()
        return (after - before) / count
    finally:
        stop(process)


def latencies(seconds):
    """Round trips of a relay over UDP, one every 2 ms, sorted, in microseconds."""
    peer = livetest.EchoPeer(HOST)
    client = stunclient.Client((HOST, PLAIN))
    client.allocate()
    client.bind(0x4000, peer.address)
    took = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        if client.echoes(peer.address, b"x" * 100, channel=0x4000):
            took.append((time.perf_counter() - began) * 1e6)
        time.sleep(0.002)
    client.refresh(lifetime=0)
    return sorted(took)


def shake_hands(rate, seconds, made):
    """`rate` full handshakes a second."""
    context = client_context()
    due = time.monotonic()
    end = due + seconds
    while (now := time.monotonic()) < end:
        if now < due:
            time.sleep(due - now)
        due += 1 / rate
        connect(SECURE, context).close()
        with made.get_lock():
            made.value += 1


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


def beside_handshakes(server, folder):
    process = start(server, folder)
    try:
        for name, rate in (("alone", 0), ("beside handshakes", RATE), ("alone again", 0)):
            made = multiprocessing.Value("i", 0)
            makers = [
                multiprocessing.Process(target=shake_hands, args=(rate / 2, SECONDS, made))
                for _ in range(2 if rate else 0)
            ]
            for maker in makers:
                maker.start()
            took = latencies(SECONDS)
            for maker in makers:
                maker.join()
            print(
                f"relay {name:18} p50 {percentile(took, 0.5):7.0f} us   "
                f"p99 {percentile(took, 0.99):7.0f} us   max {took[-1]:7.0f} us   "
                f"({len(took)} round trips, {made.value / SECONDS:.0f} handshakes/s)"
            )
    finally:
        stop(process)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    server = sys.argv[1] if len(sys.argv) > 1 else str(root / "src/turnpike")
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    os.environ["SERVER_PID"] = "0"
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder)
        for name, port, context in (
            ("TCP", PLAIN, None),
            ("TLS", SECURE, client_context()),
        ):
            each = bytes_each(server, folder, count, port, context)
            print(f"resident bytes of an idle {name} allocation: {each:.0f} (of {count})")
        beside_handshakes(server, folder)


if __name__ == "__main__":
    main()
