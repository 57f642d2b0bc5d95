# SPDX-License-Identifier: MIT
"""addresses.py — asks every address of a server with several, and looks who answers."""

import os
import subprocess

from livetest import CLIENT4, CLIENT6, EchoPeer, eventually, hears, ok, run, server_namespace
from livetest import udp_socket
from stunclient import BINDING, Client, Message, XOR_MAPPED_ADDRESS


def answers_from(sock, host):
    """Whether a Binding put to host is answered by host, with the right address of ours."""
    question = Message(BINDING)
    sock.sendto(question.encode(), (host, 3478))
    heard = hears(sock)
    if heard is None:
        return False, "no answer"
    answer = Message.decode(heard[0])
    mapped = answer.address(XOR_MAPPED_ADDRESS)
    own = (sock.getsockname()[0], sock.getsockname()[1])
    return (heard[1], mapped) == ((host, 3478), own), f"from {heard[1]}, mapped {mapped}"


def every_address_answers():
    """S09 S14 S15 every address answers"""
    for source, hosts in (
        (CLIENT4, ("10.77.0.1", "10.77.0.3")),
        (CLIENT6, ("fd77::1", "fd77::3")),
    ):
        with udp_socket(source) as sock:
            for host in hosts:
                right, what = answers_from(sock, host)
                ok(right, f"S09 S14 S15 {host} answers from itself", what)


def loopback_answers():
    """S09 loopback answers"""
    for host in ("127.0.0.1", "::1"):
        with server_namespace():
            sock = udp_socket(host)
        with sock:
            right, what = answers_from(sock, host)
            ok(right, f"S09 {host} answers from itself", what)


def new_address_answers():
    """S09 an address that the machine got later answers"""
    subprocess.run(
        ["ip", "-n", os.environ["SERVER_NS"], "address", "add", "10.77.0.9/24", "dev", "s0"],
        check=True,
        timeout=10,
    )
    with udp_socket(CLIENT4) as sock:
        right = eventually(lambda: answers_from(sock, "10.77.0.9")[0])
        ok(right, "S09 an address that the machine got later answers")


def relay_address_is_the_asked_one():
    """T01 the relayed address is the one the client came to"""
    peer = EchoPeer(CLIENT4)
    with Client(("10.77.0.3", 3478)) as client:
        client.allocate()
        client.permit(peer.address[0])
        ok(
            client.relayed[0][0] == "10.77.0.3" and client.echoes(peer.address, b"hello"),
            "T01 the relayed address is the one the client came to",
            client.relayed,
        )


run(every_address_answers, loopback_answers, new_address_answers, relay_address_is_the_asked_one)
