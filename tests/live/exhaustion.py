# SPDX-License-Identifier: MIT
"""exhaustion.py — takes all there is, sees what that does to others, and gives it back."""

import sys
import time

from livetest import CLIENT4, EchoPeer, SERVER4, cpu_seconds, eventually, note, ok, run
from livetest import server_pid
from stunclient import ALLOCATE, Client, EVEN_PORT, REQUESTED_TRANSPORT, RESERVATION_TOKEN, UDP

FIRST_PORT, PORTS = 50000, 10
PEER = EchoPeer(CLIENT4)


def ready_client():
    """A client of a new source port that has passed its challenge."""
    client = Client(SERVER4)
    client.learn(client.request(ALLOCATE, authenticated=False))
    return client


def take_all(most):
    """Allocate until refused; the clients that got one, and the code that ended it."""
    clients = []
    while len(clients) < most:
        client = ready_client()
        code = client.allocate().error
        if code:
            client.close()
            return clients, code
        clients.append(client)
    return clients, 0


def give_back(clients):
    for client in clients:
        client.refresh(0)
        client.close()


def all_relay(clients):
    for client in clients:
        client.permit(PEER.address[0])
    return all(client.echoes(PEER.address, b"still there?") for client in clients)


def refused(times):
    """The codes that so many newcomers get."""
    codes = []
    for _ in range(times):
        with ready_client() as client:
            codes.append(client.allocate().error)
    return codes


def every_port_is_used():
    """T67 every port"""
    for turn in ("first", "second", "third"):
        clients, code = take_all(PORTS + 1)
        ports = sorted(client.relayed[0][1] for client in clients)
        ok(
            (ports, code) == (list(range(FIRST_PORT, FIRST_PORT + PORTS)), 508),
            f"T67 T22 every port of the range is given out, then 508: {turn} time",
            ports,
            code,
        )
        if turn == "first":
            codes = refused(8)
            ok(codes == [508] * 8, "T67 508 for whoever comes later", codes)
            ok(all_relay(clients), "T67 those who have a port relay on")
        give_back(clients)


def one_port_comes_back():
    """T22 a single port"""
    clients, _ = take_all(PORTS + 1)
    returned = clients.pop(3)
    port = returned.relayed[0][1]
    give_back([returned])
    with ready_client() as client:
        code = client.allocate().error
        ok(
            code == 0 and client.relayed[0][1] == port,
            "T22 the one port that came back is given out again",
            code,
        )
        client.refresh(0)
    give_back(clients)


def even_ports():
    """T11 even ports and reservations"""
    clients, tokens = [], []
    for _ in range(PORTS // 2 + 1):
        client = ready_client()
        answer = client.allocate(even_port=True)
        clients.append(client)
        if answer.error:
            break
        tokens.append(answer.first(RESERVATION_TOKEN))
    ports = [client.relayed[0][1] for client in clients if client.relayed]
    ok(
        answer.error == 508
        and len(set(ports)) == PORTS // 2
        and not any(port & 1 for port in ports)
        and all(len(token) == 8 for token in tokens),
        "T11 five pairs of an even port and a reserved one, then 508",
        ports,
        answer.error,
    )
    with ready_client() as client:
        code = client.allocate(token=tokens[0], even_port=False).error
        ok(code == 400, "T13 RESERVATION-TOKEN with EVEN-PORT: 400", code)
        code = client.allocate(token=b"\x55" * 8).error
        ok(code == 508, "T12 an unknown token: 508", code)
        code = client.allocate(token=tokens[0]).error
        ok(
            code == 0 and client.relayed[0][1] == ports[0] + 1,
            "T12 a token gives the reserved port",
            code,
            client.relayed,
        )
        with ready_client() as late:
            code = late.allocate(token=tokens[0]).error
            ok(code == 508, "T12 a used token: 508", code)
        client.refresh(0)
    give_back(client for client in clients if client.relayed)
    for client in clients:
        client.close()


def plain_even_port():
    """T11 an even port without a reservation"""
    with ready_client() as client:
        transport = (REQUESTED_TRANSPORT, bytes([UDP, 0, 0, 0]))
        answer = client.request(ALLOCATE, [transport, (EVEN_PORT, b"\0")])
        token = answer.first(RESERVATION_TOKEN)
        ok((answer.error, token) == (0, None), "T11 an even port alone gives no token")
        client.refresh(0)


def descriptors():
    """T67 descriptors"""
    clients, code = take_all(100)
    note(f"{len(clients)} allocations with 64 descriptors")
    ok(
        10 <= len(clients) < 64 and code == 508,
        "T67 508 when descriptors are used up",
        len(clients),
        code,
    )
    before, start = cpu_seconds(server_pid()), time.monotonic()
    codes = []
    while time.monotonic() - start < 2:
        codes += refused(1)
        time.sleep(0.02)
    share = (cpu_seconds(server_pid()) - before) / (time.monotonic() - start)
    ok(set(codes) == {508}, "T67 508 for whoever comes later, descriptors", set(codes))
    ok(share < 0.5, "the server does not spin without descriptors", f"{share:.0%} of a core")
    ok(all_relay(clients), "T67 those who have a descriptor relay on")
    count = len(clients)
    give_back(clients)

    def recovered():
        again, _ = take_all(count)
        give_back(again)
        return len(again) == count

    ok(eventually(recovered), "T67 T22 every descriptor comes back")


if "ports" in sys.argv:
    run(every_port_is_used, one_port_comes_back, even_ports, plain_even_port)
else:
    run(descriptors)
