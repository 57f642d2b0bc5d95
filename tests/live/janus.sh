#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# janus.sh — a headless Chromium calls the echo test of a Janus (Debian's), which reaches its
# relay over UDP, over TCP, and over what libnice below it calls TLS: video and a data channel
# come back. T01 T44 T49 T50 T56 Q06.
. "$(dirname "$0")/browser.sh"
. "$here/transports.sh"

. "$here/janus_modules.sh"

chromium=$(find_chromium) || skip_all "chromium is not installed"
plan 10
world_up
start_on_all_transports

TMPDIR=$work python_test 240 janus_call.py "$modules" "$work" "$chromium"

server_ended_cleanly
