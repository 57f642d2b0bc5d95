#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# firefox_chromium.sh — Firefox and Chromium call each other, one over TLS and the other over
# UDP: video decoded at both ends, a data channel echoed. T01 T44 T49 T50 U01 Q01 Q04.
. "$(dirname "$0")/browser.sh"

firefox=$(find_firefox) || skip_all "firefox is not installed"
chromium=$(find_chromium) || skip_all "chromium is not installed"
plan 7
world_up
serve_browsers

browser_test 120 firefox_chromium.py "$firefox" "$chromium"

server_ended_cleanly
