# SPDX-License-Identifier: MIT
"""mixed.py — balances the books of load.c, of both kernels and of the server.

The server's last record is msg=counters: for each direction (up: from clients, down: from
peers) received, forwarded, control and dropped_... of every reason.
"""

import collections
import os
import re
import sys

from livetest import note, ok


def fields(line):
    """The numbers of one logfmt record by name."""
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)(?=\s|$)", line)}


def kernel(path):
    """The UDP counters of one namespace."""
    with open(path, encoding="ascii") as snmp:
        names, values = [line.split()[1:] for line in snmp][:2]
    return dict(zip(names, map(int, values)))


def server_counters():
    """{"up": {...}, "down": {...}}, whether one record holds both or each has its own."""
    ways = collections.defaultdict(dict)
    with open(os.environ["SERVER_LOG"], encoding="utf-8") as log:
        lines = [line for line in log if "msg=counters" in line]
    for line in lines:
        own = re.search(r"direction=(up|down)", line)
        for name, value in fields(line).items():
            way, _, rest = name.partition("_")
            if way in ("up", "down"):
                ways[way][rest] = value
            elif own:
                ways[own[1]][name] = value
    return ways


def main():
    with open(sys.argv[1], encoding="ascii") as out:
        load = collections.defaultdict(int, fields(out.read()))
    at_client, at_server = kernel(sys.argv[2]), kernel(sys.argv[3])
    unread = at_client["RcvbufErrors"], at_server["RcvbufErrors"]
    ways = server_counters()
    lost = load["data_sent"] - load["data_back"]
    note(" ".join(f"{name}={value}" for name, value in load.items()))
    for way, counters in ways.items():
        shown = {name: value for name, value in counters.items() if value}
        note(f"server, {way}: {shown}")
    note(f"{lost} lost; found no room at the clients {unread[0]}, at the server {unread[1]}")

    ok(load["data_sent"] > 0, "the load ran")
    ok(lost <= sum(unread), "nothing is lost that a kernel accepted", f"{lost} lost, {unread}")
    ok(
        load["answers"] > load["bindings"] * 0.9 and load["strays"] == 0,
        "Bindings among the data are answered, and nothing else comes",
        dict(load),
    )
    for way, words in (("up", "from clients"), ("down", "from peers")):
        counters = ways[way]
        received = counters.get("received", -1)
        dropped = sum(value for name, value in counters.items() if name.startswith("dropped_"))
        total = counters.get("forwarded", 0) + counters.get("control", 0) + dropped
        ok(
            received == total,
            f"counters {words}: received = forwarded + control + each drop",
            f"{received} and {total}",
        )
    received = sum(ways[way].get("received", 0) for way in ("up", "down"))
    sent = load["to_server"] + load["to_relay"] - unread[1]
    ok(received == sent, "the server received what was sent", f"{received} of {sent}")
    forwarded = ways["up"].get("forwarded", 0)
    ok(
        load["from_relay"] <= forwarded <= load["from_relay"] + unread[0],
        "the peers heard what the server forwarded",
        f"{load['from_relay']} of {forwarded}",
    )


main()
