# SPDX-License-Identifier: MIT
"""process.py — the client's side of process.sh, one part of it for each first argument."""

import os
import pathlib
import pwd
import signal
import socket
import struct
import sys
import time

from livetest import CLIENT4, EchoPeer, SERVER4, SERVER6, eventually, ok, run, server_pid
from stunclient import BINDING, Client, Message

RELOADS = 30


def notify():
    """Print what a server tells systemd, until killed."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(sys.argv[2])
    os.chmod(sys.argv[2], 0o777)
    print("bound", flush=True)
    while True:
        print(sock.recv(4096).decode(), flush=True)


def session(peer, user="alice", password="wonderland"):
    """A client with an allocation and a permission for the peer."""
    client = Client(SERVER4, user, password)
    client.allocate()
    client.permit(peer.address[0])
    return client


def code_of_newcomer(user="alice", password="wonderland"):
    with Client(SERVER4, user, password) as client:
        code = client.allocate().error
        if code == 0:
            client.refresh(0)
        return code


def privileges():
    """root is dropped"""
    user = str(pwd.getpwnam(sys.argv[2]).pw_uid)
    threads = []
    for task in pathlib.Path(f"/proc/{server_pid()}/task").iterdir():
        lines = (task / "status").read_text(encoding="ascii").splitlines()
        pairs = (line.partition(":") for line in lines)
        threads.append({name: value.split() for name, _, value in pairs})
    uids = {uid for thread in threads for uid in thread["Uid"]}
    ok(uids == {user}, "run-as: every thread has every user id of that user", uids)
    groups = {group for thread in threads for group in thread["Gid"] + thread["Groups"]}
    ok("0" not in groups, "run-as: no thread has the group of root", groups)
    effective = {thread["CapEff"][0] for thread in threads}
    ok(effective == {"0" * 16}, "run-as: no thread has a capability", effective)
    promised = {thread["NoNewPrivs"][0] for thread in threads}
    ok(promised == {"1"}, "no thread may ever get new privileges", promised)


def reload():
    """HUP"""
    file, log = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    text = file.read_text(encoding="utf-8")
    peer = EchoPeer(CLIENT4)
    alice, bob = session(peer), session(peer, "bob", "builder")

    file.write_text(text.replace('"alice"', '"dave"'), encoding="utf-8")
    os.kill(server_pid(), signal.SIGHUP)
    right = eventually(lambda: code_of_newcomer("dave") == 0)
    ok(right, "HUP: a new user is served")
    ok(code_of_newcomer() == 401, "HUP: a removed user is not")
    gone = eventually(lambda: not alice.echoes(peer.address, b"removed?", seconds=0.3))
    ok(gone, "HUP: the sessions of a removed user end")
    ok(bob.echoes(peer.address, b"still there?"), "HUP: the session of another user lives on")

    size = log.stat().st_size
    file.write_text(text.replace("workers", "wrokers"), encoding="utf-8")
    os.kill(server_pid(), signal.SIGHUP)
    said = eventually(lambda: b"wrokers" in log.read_bytes()[size:])
    ok(said, "HUP: a bad file is logged with the reason")
    codes = code_of_newcomer("dave"), code_of_newcomer("bob", "builder")
    ok(
        codes == (0, 0) and bob.echoes(peer.address, b"still there?"),
        "HUP: a bad file changes nothing",
        codes,
    )

    file.write_text(text, encoding="utf-8")
    lost = 0
    for _ in range(RELOADS):
        os.kill(server_pid(), signal.SIGHUP)
        lost += not bob.echoes(peer.address, b"through the storm")
    ok(lost == 0, f"HUP: {RELOADS} reloads in a row lose nothing", f"{lost} lost")
    ok(
        eventually(lambda: code_of_newcomer() == 0),
        "HUP: the old file brings the old user back",
    )
    bob.refresh(0)


def reopen():
    """USR1"""
    log = pathlib.Path(sys.argv[2])
    old = log.rename(log.with_suffix(".1"))
    os.kill(server_pid(), signal.SIGUSR1)
    time.sleep(0.3)
    code_of_newcomer()  # something to write about

    def has_moved_on():
        return log.exists() and log.stat().st_size > 0

    ok(eventually(has_moved_on), "USR1: the log file is opened anew")
    size = old.stat().st_size
    code_of_newcomer()
    time.sleep(0.3)
    ok(old.stat().st_size == size, "USR1: the old file is left alone")


def forged(source_port, payload, options=b""):
    """An IPv4 datagram to the server with a header of our own."""
    size = 20 + len(options)
    udp = struct.pack("!HHHH", source_port, SERVER4[1], 8 + len(payload), 0) + payload
    header = struct.pack(
        "!BBHHHBBH4s4s",
        0x40 | size // 4,
        0,
        size + len(udp),
        0,
        0,
        64,
        socket.IPPROTO_UDP,
        0,
        socket.inet_aton(CLIENT4),
        socket.inet_aton(SERVER4[0]),
    )
    return header + options + udp


def odd():
    """odd packets"""
    peer = EchoPeer(CLIENT4)
    client = session(peer)
    question = Message(BINDING).encode()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for packet in (
            forged(0, question),
            forged(0, b""),
            forged(5000, question, b"\x01" * 4),
            forged(5000, question, b"\x44\x0c\x05\x00" + bytes(8)),  # a timestamp option
            forged(5000, question, b"\x94\x04\x00\x00"),  # router alert
            forged(5000, b"\x40\x00\xff\xff" + bytes(20)),
        ):
            raw.sendto(packet, (SERVER4[0], 0))
    for server in (SERVER4, SERVER6):
        with Client(server) as stranger:
            for payload in (b"", b"\x00", b"\x00\x01\xff\xfc" + bytes(16), bytes(65507 - 48)):
                stranger.sock.sendto(payload, server)
            ok(stranger.binding() is not None, f"odd packets are harmless, {server[0]}")
    ok(client.echoes(peer.address, bytes(8000)), "odd packets are harmless to a session")
    client.refresh(0)


def drain():
    """USR2"""
    peer = EchoPeer(CLIENT4)
    client = session(peer)
    os.kill(server_pid(), signal.SIGUSR2)
    ok(eventually(lambda: code_of_newcomer() == 508), "USR2: a new Allocate gets 508")
    code = client.refresh(600).error
    ok(
        code == 0 and client.echoes(peer.address, b"still there?"),
        "USR2: an allocation lives on and is refreshed",
        code,
    )
    client.refresh(0)


def drain_and_stop():
    """USR2 and TERM"""
    peer = EchoPeer(CLIENT4)
    client = session(peer)
    os.kill(server_pid(), signal.SIGUSR2)
    eventually(lambda: code_of_newcomer() == 508)
    ok(client.echoes(peer.address, b"still there?"), "USR2: it drains while a session lives")
    os.kill(server_pid(), signal.SIGTERM)


def hold():
    """Sessions that live when the server is stopped."""
    peer = EchoPeer(CLIENT4)
    for _ in range(10):
        session(peer)


PARTS = {
    "notify": notify,
    "privileges": privileges,
    "reload": reload,
    "reopen": reopen,
    "odd": odd,
    "drain": drain,
    "drain-and-stop": drain_and_stop,
    "hold": hold,
}
run(PARTS[sys.argv[1]])
