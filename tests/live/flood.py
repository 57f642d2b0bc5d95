# SPDX-License-Identifier: MIT
"""flood.py — watches the server's memory while a flood runs, and a session beside it."""

import subprocess
import sys

from livetest import CLIENT4, EchoPeer, SERVER4, note, ok, resident_bytes, run, server_pid, skip
from livetest import udp_counters
from stunclient import Client

SOURCES = 100000
GROWTH = 4 << 20


def flood():
    """S68 a flood leaves no memory behind"""
    program, count, sanitized = sys.argv[1:4]
    peer = EchoPeer(CLIENT4)
    with Client(SERVER4) as session:
        session.allocate()
        session.permit(CLIENT4)
        passed_before = session.echoes(peer.address, b"before")
        before, udp_before = resident_bytes(server_pid()), udp_counters(server_pid())
        done = subprocess.run(
            [program, *map(str, SERVER4), count, str(SOURCES), CLIENT4],
            capture_output=True,
            check=True,
            timeout=220,
        )
        sent = int(done.stdout)
        growth = resident_bytes(server_pid()) - before
        udp = {k: v - udp_before[k] for k, v in udp_counters(server_pid()).items()}
        note(f"{sent} sent, {udp['InDatagrams']} received, {udp['RcvbufErrors']} without room")
        ok(
            udp["InDatagrams"] >= sent * 0.9,
            "the flood arrives at the server",
            f"{udp['InDatagrams']} of {sent}",
        )
        words = f"S68 {SOURCES} strangers leave less than 4 MiB behind"
        note(f"the server grew by {growth / 1024:.0f} KiB")
        if sanitized == "yes":
            skip(words, "a sanitizer's memory says nothing")
        else:
            ok(growth < GROWTH, words, f"{growth} bytes")
        passed_after = session.echoes(peer.address, b"after")
        ok(passed_before and passed_after, "a session lives through the flood")
    with Client(SERVER4) as client:
        code = client.allocate().error
        ok(code == 0, "a newcomer is served behind it", code)


run(flood)
