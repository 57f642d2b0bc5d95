# SPDX-License-Identifier: MIT
"""janus_rest.sh — a Janus that fetches its credentials from the server.

Arguments: the folder of its modules, Chromium's program."""

import os
import sys

from browser import browsers, run_with
from chromium_driver import Chromium
from janus_call import Janus, call_with
from livetest import eventually, ok
from office import Office, log_records

URL = "https://turn.north.gov:8443/turn"

NAT = """
    turn_rest_api = "{url}"
    turn_rest_api_key = "{key}"
    turn_rest_api_method = "{method}"
"""


def sessions_of(office, user):
    sessions = office.get("/v1/sessions")["sessions"]
    return [each for each in sessions if each["user"] == user]


def fetched(modules, method, browser):
    """a call to a Janus that fetches its credentials"""
    office = Office()
    key = office.post("/v1/keys", {"role": "issue", "label": f"Janus by {method}"})["key"]
    nat = NAT.format(url=URL, key=key, method=method)
    janus = Janus(modules, os.path.join(os.environ["WORK"], f"janus-{method}"), nat)
    title = f"Janus by {method}"
    credentials = set()

    def named():
        mine = sessions_of(office, Janus.NAME)
        credentials.update(each["credential"] for each in mine)
        return ok(
            len(credentials) == 1 and any(each["sent_packets"] for each in mine),
            f"{title}: its sessions name one credential and whom it is for",
            mine,
        )

    call_with(janus, title, browser, named)

    def recorded():
        closed = log_records("allocation_closed")
        return {each.get("owner") for each in closed if each.get("credential") in credentials}

    # Janus was ended without a word: what it has allocated is ended here.
    for each in sessions_of(office, Janus.NAME):
        office.delete(f"/v1/sessions/{each['id']}")
    ok(
        eventually(lambda: recorded() == {Janus.NAME}),
        f"{title}: so do the records of its sessions",
        credentials,
        *log_records("allocation_closed"),
    )


def main():
    modules, program = sys.argv[1:]
    with browsers() as opened:
        browser = opened(Chromium, program)
        for method in ("GET", "POST"):
            run_with(fetched, modules, method, browser)


main()
