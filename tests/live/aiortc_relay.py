# SPDX-License-Identifier: MIT
"""aiortc.sh — two peer connections of aiortc with a data channel from relay to relay."""

import asyncio

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection

from aioice_relay import keep_to_relays, kinds_of_pair, over_each_transport
from livetest import ok
from transports import PASSWORD, USER, turn_url


def new_peer(transport):
    server = RTCIceServer(urls=turn_url(transport), username=USER, credential=PASSWORD)
    return RTCPeerConnection(RTCConfiguration(iceServers=[server]))


def ice_of(peer):
    """The agent of aioice below a peer connection's data channels."""
    return peer.sctp.transport.transport.iceGatherer._connection  # pylint: disable=protected-access


async def negotiate(caller, callee):
    keep_to_relays(ice_of(caller))
    await caller.setLocalDescription(await caller.createOffer())
    await callee.setRemoteDescription(caller.localDescription)
    keep_to_relays(ice_of(callee))
    await callee.setLocalDescription(await callee.createAnswer())
    await caller.setRemoteDescription(callee.localDescription)


async def data_channel(transport, made=new_peer):
    caller, callee = made(transport), made(transport)
    messages = [bytes([number]) * (400 * number + 1) for number in range(40)]
    echoes = []
    complete = asyncio.Event()
    try:
        channel = caller.createDataChannel("live")

        @channel.on("open")
        def on_open():
            for message in messages:
                channel.send(message)

        @channel.on("message")
        def on_message(message):
            echoes.append(message)
            if len(echoes) == len(messages):
                complete.set()

        @callee.on("datachannel")
        def on_channel(other):
            other.on("message", other.send)

        await negotiate(caller, callee)
        await complete.wait()
        kinds = kinds_of_pair(ice_of(caller))
        ok(kinds == ("relay", "relay"), f"T01 T49 aiortc over {transport}: relay to relay", kinds)
        ok(echoes == messages, f"T44 T50 T56 aiortc over {transport}: a data channel's echo")
    finally:
        await asyncio.gather(caller.close(), callee.close())


if __name__ == "__main__":
    asyncio.run(over_each_transport(data_channel))
