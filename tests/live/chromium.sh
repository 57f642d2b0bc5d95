#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# chromium.sh — a headless Chromium makes a call between two peer connections of one page,
# relay only: video decoded at both ends, a data channel echoed, and a wrong credential
# refused. Needs no library: Chromium is driven over its DevTools pipe. T01 T44 T49 T50 S33 Q01.
. "$(dirname "$0")/common.sh"

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
	skip_all "chromium is not installed"
plan 5
world_up
write_config
start_server

TMPDIR=$work python_test 120 chromium_relay.py "$browser"

server_ended_cleanly
