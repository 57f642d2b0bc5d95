# SPDX-License-Identifier: MIT
"""chromium.sh and firefox.sh — a browser calls itself over each transport, and is refused.

Arguments: the kind of browser, its program, the file of the authority to trust."""

import sys

from browser import URLS, Call, browsers, check_call, check_restart, configuration, run_with
from chromium_driver import Chromium
from firefox_driver import Firefox
from livetest import note, ok

KINDS = {"chromium": (Chromium, "Q01"), "firefox": (Firefox, "Q04")}


def calls(browser, transport, client):
    """T01 T49 a call through two relays"""
    call = Call(browser, browser, transport, transport)
    check_restart(call, check_call(call, f"T01 T49 U01 {client}"))
    call.hang_up()


def wrong_password(browser, transport):
    """S33 a wrong password"""
    seen = browser.ask("gather", configuration(transport, "wrong"))
    note(f"errors told: {seen['errors']}")
    told = 401 in (code for code, _ in seen["errors"])
    ok(
        not seen["candidates"] and (told or not seen["tells"]),
        f"S33 {browser.TITLE} over {transport.upper()}: a wrong password gives no relay",
        seen,
    )


def untrusted(browser):
    """U01 a certificate of an unknown authority"""
    seen = browser.ask("gather", configuration("tls"))
    note(f"errors told: {seen['errors']}")
    ok(
        not seen["candidates"],
        f"U01 {browser.TITLE} over TLS: an untrusted certificate gives no relay",
        seen,
    )


def main():
    kind, client = KINDS[sys.argv[1]]
    program, authority = sys.argv[2:]
    with browsers() as opened:
        browser = opened(kind, program, authority)
        for transport in URLS:
            run_with(calls, browser, transport, client)
            run_with(wrong_password, browser, transport)
        browser.close()
        run_with(untrusted, opened(kind, program))


if __name__ == "__main__":
    main()
