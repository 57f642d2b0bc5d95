# SPDX-License-Identifier: MIT
"""aioice.sh — two ICE agents of aioice that may use nothing but their relays."""

import asyncio

import aioice

from livetest import SERVER4, ok

PATIENCE = 15


def agent(controlling, password="wonderland"):
    return aioice.Connection(
        ice_controlling=controlling,
        turn_server=SERVER4,
        turn_username="alice",
        turn_password=password,
        use_ipv6=False,
    )


async def gather_relays(connection):
    """Gather, then take away every socket but those of the relay; returns the others."""
    await connection.gather_candidates()
    # aioice has no relay-only policy. The sockets stay open: closing one ends the connection.
    sockets = connection._protocols  # pylint: disable=protected-access
    relays = [each for each in sockets if each.local_candidate.type == "relay"]
    others = [each for each in sockets if each not in relays]
    sockets[:] = relays
    return others


async def introduce(one, other):
    """Give other the relay candidates of one, and its credentials."""
    for candidate in one.local_candidates:
        if candidate.type == "relay":
            await other.add_remote_candidate(candidate)
    await other.add_remote_candidate(None)
    other.remote_username = one.local_username
    other.remote_password = one.local_password


async def data_both_ways():
    caller, callee = agent(True), agent(False)
    unused = []
    try:
        for connection in (caller, callee):
            unused += await gather_relays(connection)
        await introduce(caller, callee)
        await introduce(callee, caller)
        await asyncio.gather(caller.connect(), callee.connect())

        pair = caller._nominated[1]  # pylint: disable=protected-access
        kinds = (pair.local_candidate.type, pair.remote_candidate.type)
        ok(kinds == ("relay", "relay"), "T01 T49 aioice connects relay to relay", kinds)
        for sender, receiver, way in (
            (caller, callee, "caller to callee"),
            (callee, caller, "callee to caller"),
        ):
            packets = [bytes([number]) * (12 * number + 1) for number in range(100)]
            received = []
            for packet in packets:
                await sender.send(packet)
                received.append(await receiver.recv())
            ok(received == packets, f"T50 T44 aioice relays data, {way}")
    finally:
        await asyncio.gather(*(each.close() for each in [caller, callee, *unused]))


async def wrong_password():
    connection = agent(True, "wrong")
    words = "gathered"
    try:
        await connection.gather_candidates()
    except aioice.stun.TransactionFailed as error:
        words = str(error)
    relays = [each for each in connection.local_candidates if each.type == "relay"]
    ok("401" in words and not relays, "S33 aioice is refused with a wrong password", words)
    await connection.close()


async def main():
    for test in (data_both_ways, wrong_password):
        try:
            await asyncio.wait_for(test(), PATIENCE)
        except Exception as error:  # pylint: disable=broad-except
            ok(False, f"{test.__name__}: {type(error).__name__} {error}")


asyncio.run(main())
