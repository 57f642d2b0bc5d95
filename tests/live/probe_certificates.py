# SPDX-License-Identifier: MIT
"""Servers with one certificate each, and servers that are none, for turnpike-probe to tell apart.

    probe_certificates.py HOST FOLDER

FOLDER has NAME.pem and NAME.key. Prints "ready" and serves until it is ended. See PORTS.
"""

import os
import selectors
import socket
import ssl
import struct
import sys
import threading
import time

import stunclient as stun

# Ports of servers that answer Binding over TLS, with the certificate of that name.
CERTIFICATES = {
    6000: "good",
    6001: "leaf-alone",
    6002: "self-signed",
    6003: "other-name",
    6004: "in-subject",
    6005: "expired",
    6006: "future",
    6007: "soon",
    6008: "short-key",
    6009: "sha1",
    6010: "authority",
    6011: "for-clients",
    6012: "old-chain",
    6013: "with-root",
    6014: "address",
    6015: "wildcard",
}

# Ports of servers that do something of their own, see the functions of that name.
TCP_PORTS = {
    6100: "only_tls12",
    6101: "only_tls11",
    6102: "wants_certificate",
    6103: "other_sni",
    6104: "mute_behind_tls",
    6105: "in_pieces",
    6106: "closes_behind_tls",
    6107: "drops_behind_tls",
    6110: "plain",
    6111: "web",
    6112: "banner",
    6113: "silent",
    6114: "closes",
    6115: "resets",
    6116: "stalls",
    6117: "babbles",
}

UDP_PORTS = {
    6200: "silent",
    6201: "plain",
    6202: "banner",
    6203: "stalls",
    6204: "elsewhere",
}

# What a DTLS server says first: HelloVerifyRequest with a cookie, RFC 6347 4.2.1.
HELLO_VERIFY = bytes.fromhex(
    "16feff 0000 000000000000 0013 03 000007 0000 000000 000007 feff 04 c00c1e00"
)


def answer_of(data, source):
    """The answer to a Binding request; None where that is not one."""
    request = stun.Message.decode(data)
    if request is None or request.kind != stun.REQUEST or request.method != stun.BINDING:
        return None
    answer = stun.Message(stun.BINDING, stun.SUCCESS, transaction=request.transaction)
    answer.add(stun.XOR_MAPPED_ADDRESS, stun.xor_address(*source[:2], request.transaction))
    return answer.encode(fingerprint=True)


def serve_binding(connection, source):
    """Answer Binding requests on a stream until it ends."""
    data = b""
    while True:
        more = connection.recv(4096)
        if not more:
            return
        data += more
        while len(data) >= 20:
            size = 20 + struct.unpack("!H", data[2:4])[0]
            if data[0] > 1 or len(data) < size:
                break
            connection.sendall(answer_of(data[:size], source) or b"")
            data = data[size:]
        if data and data[0] > 1:
            return


def context_for(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["stun.turn", "stun.nat-discovery"])
    path = os.path.join(folder, name)
    context.load_cert_chain(path + ".pem", path + ".key")
    return context


class Behaviours:
    """What the servers do with one connection each."""

    def __init__(self, folder):
        self.folder = folder

    def good(self):
        return context_for(self.folder, "good")

    def over_tls(self, connection, source, context, serve=serve_binding):
        with context.wrap_socket(connection, server_side=True) as secured:
            serve(secured, source)

    def only_tls12(self, connection, source):
        context = self.good()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.over_tls(connection, source, context)

    def only_tls11(self, connection, source):
        context = self.good()
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        self.over_tls(connection, source, context)

    def wants_certificate(self, connection, source):
        context = self.good()
        context.verify_mode = ssl.CERT_REQUIRED
        self.over_tls(connection, source, context)

    def other_sni(self, connection, source):
        context = self.good()
        context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        self.over_tls(connection, source, context)

    def mute_behind_tls(self, connection, source):
        self.over_tls(connection, source, self.good(), lambda secured, _: time.sleep(20))

    def closes_behind_tls(self, connection, source):
        self.over_tls(connection, source, self.good(), lambda secured, _: secured.unwrap())

    def drops_behind_tls(self, connection, source):
        self.over_tls(connection, source, self.good(), lambda secured, _: secured.recv(4096))

    def in_pieces(self, connection, source):
        def serve(secured, _):
            for byte in answer_of(secured.recv(4096), source):
                secured.sendall(bytes([byte]))
                time.sleep(0.005)
            secured.recv(4096)

        self.over_tls(connection, source, self.good(), serve)

    def plain(self, connection, source):
        serve_binding(connection, source)

    def web(self, connection, _):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    def banner(self, connection, _):
        connection.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
        connection.recv(4096)

    def silent(self, connection, _):
        while connection.recv(4096):
            pass

    def closes(self, connection, _):
        connection.recv(4096)

    def resets(self, connection, _):
        connection.recv(4096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def stalls(self, connection, _):
        connection.recv(4096)
        connection.sendall(b"\x16\x03\x03\x00\x7a\x02")
        time.sleep(20)

    def babbles(self, connection, _):
        connection.recv(4096)
        connection.sendall(b"\x16\x03\x03\x00\x08\x02\x00\x00\x04babble..")
        connection.recv(4096)


class Listener:
    """One TCP port; a thread for each connection."""

    def __init__(self, host, port, behave):
        self.behave = behave
        self.sock = socket.create_server((host, port))

    def hear(self):
        connection, source = self.sock.accept()
        threading.Thread(target=self.run, args=(connection, source), daemon=True).start()

    def run(self, connection, source):
        try:
            connection.settimeout(30)
            self.behave(connection, source)
        except (OSError, ssl.SSLError):
            pass  # what clients make of it is tested at their side
        connection.close()


class Receiver:
    """One UDP port."""

    def __init__(self, host, port, does):
        self.does = does
        self.heard = set()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((host, port))

    def hear(self):
        data, source = self.sock.recvfrom(4096)
        if self.does == "plain":
            answer = answer_of(data, source)
            if answer:
                self.sock.sendto(answer, source)
        elif self.does == "banner":
            self.sock.sendto(b"SSH-2.0-OpenSSH_9.2p1\r\n", source)
        elif self.does == "stalls" and source not in self.heard:
            self.sock.sendto(HELLO_VERIFY, source)
        elif self.does == "elsewhere":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(HELLO_VERIFY, source)
        self.heard.add(source)


def servers(host, folder):
    behaviours = Behaviours(folder)
    for port, name in CERTIFICATES.items():
        context = context_for(folder, name)
        yield Listener(
            host, port, lambda c, s, context=context: behaviours.over_tls(c, s, context)
        )
    for port, name in TCP_PORTS.items():
        yield Listener(host, port, getattr(behaviours, name))
    for port, name in UDP_PORTS.items():
        yield Receiver(host, port, name)


def main():
    selector = selectors.DefaultSelector()
    for server in servers(sys.argv[1], sys.argv[2]):
        selector.register(server.sock, selectors.EVENT_READ, server)
    print("ready", flush=True)
    while os.getppid() != 1:
        for key, _ in selector.select(1.0):
            key.data.hear()


if __name__ == "__main__":
    main()
