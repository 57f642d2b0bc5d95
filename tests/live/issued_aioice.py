# SPDX-License-Identifier: MIT
"""issued_clients.sh — aioice with each URI that the server issued, and aiortc with its
ice servers as they are."""

import asyncio
import functools

import aioice
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection

import aioice_relay
import aiortc_relay
from issued import answers, split, transport_of, turn_uris


def agent(answer, uri, controlling):
    host, port = split(uri)
    transport = transport_of(uri)
    return aioice.Connection(
        ice_controlling=controlling,
        turn_server=(host, port),
        turn_username=answer["username"],
        turn_password=answer["password"],
        turn_ssl=transport == "tls",
        turn_transport="udp" if transport == "udp" else "tcp",
        use_ipv6=False,
    )


def peer(answer, _):
    servers = [RTCIceServer(**server) for server in answer["iceServers"]]
    return RTCPeerConnection(RTCConfiguration(iceServers=servers))


async def both_ways(uri, *, answer):
    await aioice_relay.data_both_ways(uri, functools.partial(agent, answer))


async def data_channel(how, *, answer):
    await aiortc_relay.data_channel(how, functools.partial(peer, answer))


def named(test, answer):
    """The test with that answer, still by its own name."""
    bound = functools.partial(test, answer=answer)
    bound.__name__ = test.__name__
    return bound


async def main():
    over = aioice_relay.over_each_transport
    for how, answer in answers().items():
        await over(named(both_ways, answer), transports=turn_uris(answer))
        await over(named(data_channel, answer), transports=[f"the answer to {how}"])


asyncio.run(main())
