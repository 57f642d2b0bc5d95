#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# firefox.sh — a headless Firefox calls itself through two relays, over UDP, TCP and TLS: video
# decoded at both ends, a data channel echoed, ICE restarted; a wrong password and an untrusted
# certificate refused. Needs no library. T01 T44 T49 T50 S33 U01 Q04.
. "$(dirname "$0")/browser.sh"

firefox=$(find_firefox) || skip_all "firefox is not installed"
plan 17
world_up
serve_browsers

browser_test 240 browser_relay.py firefox "$firefox"

server_ended_cleanly
