# SPDX-License-Identifier: MIT
"""Servers that do one thing wrong each, for turnpike-probe to find out which.

    probe_liar.py HOST

Prints "ready" and serves until it is ended. Every behaviour has a port of its own, see PORTS.
"""

import os
import selectors
import socket
import struct
import sys

import stunclient as stun

USER, PASSWORD, REALM, NONCE = "alice", "wonderland", b"liar", b"f00f00f00f00"
KEY = stun.hashlib.md5(f"{USER}:{REALM.decode()}:{PASSWORD}".encode()).digest()
ALTERNATE_SERVER = 0x8023

# What each port does. Numbers refuse signed requests of a method with that code.
PORTS = {
    5000: "silent",
    5001: "foreign",
    5002: "elsewhere",
    5003: "damaged",
    5004: "stun-only",
    5005: "tampered",
    5006: "unsigned",
    5007: "redirect",
    5008: "redirect-loop",
    5009: "bid-down",
    5010: "no-nonce",
    5011: "deaf-to-signed",
    5012: "no-relay",
    5013: "altered",
    5014: "control-characters",
    5438: 438,
    5440: 440,
    5442: 442,
    5486: 486,
    5508: 508,
    5499: 499,
}


def error_value(code, reason=b"No"):
    return struct.pack("!HBB", 0, code // 100, code % 100) + reason


def plain_address(host, port):
    return struct.pack("!BBH", 0, 1, port) + socket.inet_aton(host)


class Liar:
    """One port: answers everything from bytes alone, but for one relay of payloads."""

    def __init__(self, host, port):
        self.does = PORTS[port]
        self.host = host
        self.sock = self.bound(port)
        self.other = self.bound(0)
        self.relayed = {}

    def bound(self, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((self.host, port))
        return sock

    def hear(self):
        data, source = self.sock.recvfrom(4096)
        if self.does == "silent":
            return
        if self.does == "foreign":
            self.sock.sendto(b"HTTP/1.1 400 Bad Request\r\n\r\n", source)
            return
        request = stun.Message.decode(data)
        if request is None or request.kind != stun.REQUEST:
            self.relay(data, request, source)
            return
        answer = self.answer(request, source)
        if answer is not None:
            (self.other if self.does == "elsewhere" else self.sock).sendto(answer, source)

    def answer(self, request, source):
        if request.method == stun.BINDING:
            return self.binding(request, source)
        if self.does == "stun-only":
            return None
        if self.does in ("redirect", "redirect-loop"):
            return self.redirect(request)
        if request.first(stun.USERNAME) is None:
            return self.refuse(request, 401)
        if self.does == "deaf-to-signed":
            return None
        if isinstance(self.does, int) and request.method == stun.ALLOCATE:
            return self.refuse(request, self.does)
        return self.succeed(request, source)

    def binding(self, request, source):
        answer = self.reply(request, stun.SUCCESS)
        answer.add(stun.XOR_MAPPED_ADDRESS, stun.xor_address(*source, request.transaction))
        data = answer.encode(fingerprint=True)
        return data[:-1] + bytes([data[-1] ^ 1]) if self.does == "damaged" else data

    def reply(self, request, kind):
        return stun.Message(request.method, kind, transaction=request.transaction)

    def refuse(self, request, code):
        answer = self.reply(request, stun.ERROR)
        reason = b"\x1b[2J\xffbad" if self.does == "control-characters" else b"No"
        answer.add(stun.ERROR_CODE, error_value(code, reason))
        if code not in (401, 438):
            return answer.encode(key=KEY)
        answer.add(stun.REALM, REALM)
        if self.does == "bid-down":
            answer.add(stun.NONCE, stun.NONCE_COOKIE + b"gAAA" + NONCE)
        elif self.does == "control-characters":
            answer.add(stun.NONCE, b"\x1b]0;title\x07\"\\nonce")
        elif self.does != "no-nonce":
            answer.add(stun.NONCE, NONCE)
        return answer.encode()

    def redirect(self, request):
        answer = self.reply(request, stun.ERROR)
        answer.add(stun.ERROR_CODE, error_value(300))
        to = 3478 if self.does == "redirect" else 5007
        answer.add(ALTERNATE_SERVER, plain_address(self.host, to))
        return answer.encode()

    def succeed(self, request, source):
        answer = self.reply(request, stun.SUCCESS)
        if request.method == stun.ALLOCATE:
            relayed = self.relayed.setdefault(source, 50000 + len(self.relayed))
            address = stun.xor_address(self.host, relayed, request.transaction)
            answer.add(stun.XOR_RELAYED_ADDRESS, address)
            answer.add(
                stun.XOR_MAPPED_ADDRESS, stun.xor_address(*source, request.transaction)
            )
        if request.method in (stun.ALLOCATE, stun.REFRESH):
            answer.add(stun.LIFETIME, struct.pack("!I", 600))
        if self.does == "control-characters":
            return self.refuse(request, 403)
        if self.does == "unsigned":
            return answer.encode()
        data = answer.encode(key=KEY)
        return data[:-1] + bytes([data[-1] ^ 1]) if self.does == "tampered" else data

    def relay(self, data, indication, source):
        """Send indications go to the other client, which has bound a channel, but altered."""
        if self.does != "altered" or indication is None:
            return
        payload = bytearray(indication.first(stun.DATA_VALUE))
        payload[-1] ^= 1
        for client in self.relayed:
            if client != source:
                head = struct.pack("!HH", 0x4000, len(payload))
                self.sock.sendto(head + bytes(payload), client)


def main():
    liars = selectors.DefaultSelector()
    for port in PORTS:
        liar = Liar(sys.argv[1], port)
        liars.register(liar.sock, selectors.EVENT_READ, liar)
    print("ready", flush=True)
    while os.getppid() != 1:
        for key, _ in liars.select(1.0):
            key.data.hear()


if __name__ == "__main__":
    main()
