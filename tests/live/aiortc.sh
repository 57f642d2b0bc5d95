#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# aiortc.sh — two peer connections of aiortc (Debian's python3-aiortc), allowed nothing but
# relays, open a data channel through the server over UDP, TCP and TLS. S11 S20 S21 T01 T44 T49
# T50 T56.
. "$(dirname "$0")/transports.sh"

"$python" -c 'import aiortc' 2>/dev/null || skip_all "python3-aiortc is not installed"
plan 7
world_up
start_on_all_transports

# What Python trusts.
export SSL_CERT_FILE=$work/ca.pem
python_test 120 aiortc_relay.py

server_ended_cleanly
