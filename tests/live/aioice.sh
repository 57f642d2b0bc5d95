#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# aioice.sh — two agents of aioice (Debian's python3-aioice), allowed nothing but relays, find
# each other through the server over UDP, TCP and TLS and pass data both ways. S11 S20 S21 S33
# S62 T01 T44 T49 T50 T56.
. "$(dirname "$0")/transports.sh"

"$python" -c 'import aioice' 2>/dev/null || skip_all "python3-aioice is not installed"
plan 13
world_up
start_on_all_transports

# What Python trusts.
export SSL_CERT_FILE=$work/ca.pem
python_test 120 aioice_relay.py

server_ended_cleanly
