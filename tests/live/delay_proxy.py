# SPDX-License-Identifier: MIT
"""delay_proxy.py — a TCP proxy that lets answers wait.

    delay_proxy.py HOST PORT TO_PORT FILE

What comes back is passed on so many seconds later as FILE says at the time; nothing overtakes."""

import asyncio
import pathlib
import sys

HOST, PORT, TO_PORT, FILE = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


async def deliver(queue, writer):
    while (due := await queue.get()) is not None:
        when, data = due
        await asyncio.sleep(max(when - asyncio.get_running_loop().time(), 0))
        writer.write(data)
    writer.close()


async def pump(reader, writer, delays):
    queue = asyncio.Queue()
    task = asyncio.create_task(deliver(queue, writer))
    try:
        while data := await reader.read(65536):
            delay = float(pathlib.Path(FILE).read_text("ascii")) if delays else 0
            queue.put_nowait((asyncio.get_running_loop().time() + delay, data))
    except ConnectionError:
        pass
    queue.put_nowait(None)
    await task


async def serve(reader, writer):
    try:
        there, back = await asyncio.open_connection(HOST, TO_PORT)
    except OSError:
        writer.close()
        return
    await asyncio.gather(
        pump(reader, back, False), pump(there, writer, True), return_exceptions=True
    )


async def main():
    server = await asyncio.start_server(serve, HOST, PORT)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
