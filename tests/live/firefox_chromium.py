# SPDX-License-Identifier: MIT
"""firefox_chromium.sh — Firefox and Chromium call each other, one over TLS and one over UDP.

Arguments: Firefox's program, Chromium's, the file of the authority to trust."""

import sys

from browser import Call, browsers, check_call, run_with
from chromium_driver import Chromium
from firefox_driver import Firefox


def calls(calling, called):
    """T01 T49 a call between two browsers"""
    call = Call(calling, called, "tls", "udp")
    check_call(call, "T01 T49 U01 Q01 Q04")
    call.hang_up()


def main():
    firefox_program, chromium_program, authority = sys.argv[1:]
    with browsers() as opened:
        firefox = opened(Firefox, firefox_program, authority)
        chromium = opened(Chromium, chromium_program, authority)

        for calling, called in ((firefox, chromium), (chromium, firefox)):
            run_with(calls, calling, called)


main()
