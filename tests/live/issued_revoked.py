# SPDX-License-Identifier: MIT
"""issued_clients.sh — a browser's call ends when its credential, issued before the server was
started again, is revoked.

Arguments: the kind of browser, its program, the number of the credential, the file of the authority
to trust."""

import sys

from browser import Call, browsers, run_with
from browser_relay import KINDS
from issued import load
from livetest import eventually, ok
from office import Office, log_records


def records_of(credential):
    closed = log_records("allocation_closed")
    return [each for each in closed if each.get("credential") == credential]


def revoked(browser, answer):
    """a call whose credential is revoked"""
    office = Office()
    credential = answer["id"]
    call = Call(browser, browser, "udp", "udp", answer)
    up, seen = call.until(lambda now, _: now["type"] == "relay" and now["frames"] >= 10)
    ok(
        up and call.echoes(),
        f"{browser.TITLE}: a credential from before the restart relays a call",
        *seen,
    )
    sessions = office.get("/v1/sessions")["sessions"]
    mine = [each for each in sessions if each.get("credential") == credential]
    ok(
        mine and {each["user"] for each in mine} == {"bob"},
        f"{browser.TITLE}: its sessions name the credential and its user",
        *sessions,
    )
    earlier = len(records_of(credential))
    office.delete(f"/v1/credentials/{credential}")
    ended = eventually(lambda: len(records_of(credential)) >= earlier + len(mine), 20)
    reasons = [each["reason"] for each in records_of(credential)[earlier:]]
    ok(
        ended and mine and set(reasons) == {"revoked"},
        f"{browser.TITLE}: revoked, each of its sessions ends with reason=revoked",
        len(mine),
        reasons,
    )
    lost = {"disconnected", "failed", "closed"}
    over = eventually(lambda: all(each["state"] in lost for each in call.summaries()), 60)
    ok(over, f"{browser.TITLE}: both ends of the call notice", *call.summaries())
    call.hang_up()
    seen = browser.ask("gather", answer)
    ok(not seen["candidates"], f"{browser.TITLE}: revoked, it gives no relay", seen)
    stops = {}

    def told():
        usage = office.get("/v1/usage?limit=1000")["usage"]
        stops.clear()
        stops.update(
            (each["session"], each["reason"])
            for each in usage
            if each.get("credential") == credential and each["event"] == "stop"
        )
        return all(stops.get(each["id"]) == "revoked" for each in mine)

    ok(mine and eventually(told, 20), f"{browser.TITLE}: usage says so too", mine, stops)


def main():
    kind, _ = KINDS[sys.argv[1]]
    program, number, authority = sys.argv[2:]
    with browsers() as opened:
        run_with(revoked, opened(kind, program, authority), load(f"call{number}.json"))


main()
