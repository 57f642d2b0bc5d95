#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# aioice.sh — two agents of aioice (Debian's python3-aioice), allowed nothing but relays, find
# each other through the server and pass data both ways. T01 T44 T49 T50 S33.
. "$(dirname "$0")/common.sh"

"$python" -c 'import aioice' 2>/dev/null || skip_all "python3-aioice is not installed"
plan 5
world_up
write_config
start_server

python_test 60 aioice_relay.py

server_ended_cleanly
