# SPDX-License-Identifier: MIT
"""aioice.sh — two ICE agents of aioice that may use nothing but their relays."""

import asyncio

import aioice

from livetest import ok
from transports import PASSWORD, PORTS, SERVER_NAME, USER

PATIENCE = 20


def agent(transport, controlling, password=PASSWORD):
    return aioice.Connection(
        ice_controlling=controlling,
        turn_server=(SERVER_NAME, PORTS[transport]),
        turn_username=USER,
        turn_password=password,
        turn_ssl=transport == "tls",
        turn_transport="udp" if transport == "udp" else "tcp",
        use_ipv6=False,
    )


def keep_to_relays(connection):
    """Have a connection that has not gathered yet gather, offer and use relays alone."""
    # pylint: disable=protected-access
    gather = connection.gather_candidates

    async def gather_relays():
        await gather()
        # The policy hides other candidates from the peer; their sockets would send checks all the
        # same. They stay open: closing one ends the connection.
        connection._protocols[:] = [
            each for each in connection._protocols if each.local_candidate.type == "relay"
        ]
        # Nor does it hide what a STUN server said.
        connection._local_candidates[:] = [
            each for each in connection._local_candidates if each.type == "relay"
        ]

    connection._transport_policy = aioice.ice.TransportPolicy.RELAY
    connection.gather_candidates = gather_relays


def kinds_of_pair(connection):
    """The types of both candidates in the pair that won."""
    pair = connection._nominated[1]  # pylint: disable=protected-access
    return pair.local_candidate.type, pair.remote_candidate.type


async def introduce(one, other):
    """Give other the candidates of one, and its credentials."""
    for candidate in one.local_candidates:
        await other.add_remote_candidate(candidate)
    await other.add_remote_candidate(None)
    other.remote_username = one.local_username
    other.remote_password = one.local_password


async def data_both_ways(transport, made=agent):
    caller, callee = made(transport, True), made(transport, False)
    try:
        for connection in (caller, callee):
            keep_to_relays(connection)
            await connection.gather_candidates()
        await introduce(caller, callee)
        await introduce(callee, caller)
        await asyncio.gather(caller.connect(), callee.connect())

        kinds = kinds_of_pair(caller)
        ok(kinds == ("relay", "relay"), f"T01 T49 aioice over {transport}: relay to relay", kinds)
        for sender, receiver, end in ((caller, callee, "callee"), (callee, caller, "caller")):
            received = await relayed(sender, receiver)
            title = f"T50 T44 T56 aioice over {transport}: data to the {end}"
            ok(received is None, title, received)
    finally:
        await asyncio.gather(caller.close(), callee.close())


async def relayed(sender, receiver):
    """Packets of all sizes, 20 at a time. Returns None when all came as they went, or a word."""
    for first in range(0, 200, 20):
        numbers = range(first, first + 20)
        packets = [bytes([number]) * (6 * number + 1) for number in numbers]
        for packet in packets:
            await sender.send(packet)
        received = [await receiver.recv() for _ in packets]
        if received != packets:
            return f"sent {list(map(len, packets))} bytes, received {list(map(len, received))}"
    return None


async def wrong_password(transport):
    connection = agent(transport, True, "wrong")
    words = "gathered"
    try:
        await connection.gather_candidates()
    except aioice.stun.TransactionFailed as error:
        words = str(error)
    relays = [each for each in connection.local_candidates if each.type == "relay"]
    ok(
        "401" in words and not relays,
        f"S33 aioice over {transport}: a wrong password is refused",
        words,
    )
    await connection.close()


async def over_each_transport(*tests, transports=PORTS):
    """Each test with each transport, one after the other; what one raises fails it."""
    for transport in transports:
        for test in tests:
            try:
                await asyncio.wait_for(test(transport), PATIENCE)
            except Exception as error:  # pylint: disable=broad-except
                ok(False, f"{test.__name__} over {transport}: {type(error).__name__} {error}")


if __name__ == "__main__":
    asyncio.run(over_each_transport(data_both_ways, wrong_password))
