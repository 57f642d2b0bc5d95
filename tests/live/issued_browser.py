# SPDX-License-Identifier: MIT
"""issued_clients.sh — a browser is given what the server issued, as it is.

Arguments: the kind of browser, its program, the file of the authority to trust."""

import sys

from browser import Call, browsers, check_call, run_with
from browser_relay import KINDS
from issued import answers, narrowed, transport_of, turn_uris
from livetest import ok


def as_it_is(browser, how, answer):
    """a call with the answer as it is"""
    call = Call(browser, browser, "udp", "udp", answer)
    title = f"{browser.TITLE}, {how}: the answer as it is"
    selected, seen = call.until(lambda now, _: now["type"] == "relay")
    ok(selected, f"{title}, relayed at both ends", *seen)
    ok(selected and call.echoes(), f"{title}, a data channel's bytes come back")
    protocols = [end.ask("relayProtocols") for end in call.ends]
    ok(protocols == [["tcp", "tls", "udp"]] * 2, f"{title}, a relay by each URI", protocols)
    call.hang_up()


def each_uri(browser, answer, uri):
    """a call through one URI"""
    transport = transport_of(uri)
    call = Call(browser, browser, transport, transport, narrowed(answer, uri))
    call.title = f"{browser.TITLE} with {uri}"
    check_call(call, "Q01")
    call.hang_up()


def main():
    kind, _ = KINDS[sys.argv[1]]
    program, authority = sys.argv[2:]
    issued = answers()
    answer = next(iter(issued.values()))
    with browsers() as opened:
        browser = opened(kind, program, authority)
        for how, each in issued.items():
            run_with(as_it_is, browser, how, each)
        for uri in turn_uris(answer):
            run_with(each_uri, browser, answer, uri)


main()
