# SPDX-License-Identifier: MIT
"""steady.py — many allocations that relay at a steady rate, and what became of every packet.

    steady.py SERVER ALLOCATIONS RATE

prints "ready", then for each line on its input a line of what was sent since the line before:
sent, lost, p50, p99 and the worst way there and back, in milliseconds, and the p99 of packets that
go to the peers and back without the server: what the machine itself was late. What is still on
its way gets a second and a half. The end of the input ends it."""

import os
import selectors
import socket
import struct
import sys
import time

from livetest import CLIENT4, udp_socket
from stunclient import Client

CHANNEL = 0x4000
HEADER = struct.Struct("!HHIQ")
FILLER = bytes(160 - 12)
PEERS = 10
DIRECT = 20  # sockets that send to the peers themselves
GRACE = 1.5
BUFFER = 4 << 20


def roomy(sock):
    sock.setsockopt(socket.SOL_SOCKET, 33, BUFFER)  # SO_RCVBUFFORCE
    return sock


def quantile(times, share):
    """In milliseconds."""
    times = sorted(times) or [0]
    return times[min(int(len(times) * share), len(times) - 1)] / 1e6


class Steady:
    def __init__(self, server, count, rate):
        self.window = 0
        self.sent, self.times, self.direct = [0], [[]], [[]]
        self.interval = 1 / rate
        self.selector = selectors.DefaultSelector()
        self.peers = [roomy(udp_socket(CLIENT4)) for _ in range(PEERS)]
        for peer in self.peers:
            self.selector.register(peer, selectors.EVENT_READ, self.on_peer)
        self.socks = []
        first = None
        for i in range(count):
            client = Client((server, 3478), sock=roomy(udp_socket(CLIENT4)))
            if first:  # a nonce is good for all of one address
                client.realm, client.nonce = first.realm, first.nonce
                client.algorithms = first.algorithms
            first = client
            for answer in client.allocate(), client.bind(
                CHANNEL, self.peers[i % PEERS].getsockname()
            ):
                if answer.error:
                    raise SystemExit(f"error {answer.error} to client {i}")
            client.sock.setblocking(False)
            client.sock.connect(client.server)
            self.selector.register(client.sock, selectors.EVENT_READ, self.on_client)
            self.socks.append(client.sock)
        self.relayed = set(self.socks)
        for i in range(DIRECT):
            sock = roomy(udp_socket(CLIENT4))
            sock.setblocking(False)
            sock.connect(self.peers[i % PEERS].getsockname())
            self.selector.register(sock, selectors.EVENT_READ, self.on_client)
            self.socks.insert(i * count // DIRECT, sock)
        for peer in self.peers:
            peer.setblocking(False)
        self.selector.register(sys.stdin, selectors.EVENT_READ, None)
        self.reports = []  # (when, window)

    @staticmethod
    def on_peer(sock):
        try:
            while True:
                data, source = sock.recvfrom(2048)
                sock.sendto(data, source)
        except BlockingIOError:
            pass

    def on_client(self, sock):
        times = self.times if sock in self.relayed else self.direct
        try:
            while True:
                data = sock.recv(2048)
                _, _, window, sent = HEADER.unpack_from(data)
                times[window].append(time.monotonic_ns() - sent)
        except (BlockingIOError, ConnectionRefusedError):
            pass

    def send(self, sock):
        now = time.monotonic_ns()
        data = HEADER.pack(CHANNEL, len(FILLER) + 12, self.window, now) + FILLER
        sock.send(data)
        self.sent[self.window] += sock in self.relayed

    def report(self, window):
        times = self.times[window]
        at = [quantile(times, q) for q in (0.5, 0.99, 1)] + [quantile(self.direct[window], 0.99)]
        lost = self.sent[window] - len(times)
        self.times[window] = self.direct[window] = []
        print(self.sent[window], lost, *(f"{t:.3f}" for t in at), flush=True)

    def run(self):
        start = time.monotonic()
        due = [start + self.interval * i / len(self.socks) for i in range(len(self.socks))]
        turn = 0
        print("ready", flush=True)
        while True:
            now = time.monotonic()
            while due[turn] <= now:
                self.send(self.socks[turn])
                due[turn] += self.interval
                turn = (turn + 1) % len(due)
            for key, _ in self.selector.select(max(due[turn] - now, 0)):
                if key.data:
                    key.data(key.fileobj)
                elif not os.read(0, 100):
                    return
                else:
                    self.reports.append((now + GRACE, self.window))
                    self.window += 1
                    self.sent.append(0)
                    self.times.append([])
                    self.direct.append([])
            while self.reports and self.reports[0][0] <= now:
                self.report(self.reports.pop(0)[1])


Steady(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])).run()
