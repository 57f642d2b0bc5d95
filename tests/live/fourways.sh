#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fourways.sh — every pair of client and relay family with a real peer, Send and channels; two
# relays in one allocation; a server with relays of one family. T01 T07 T08 T09 T10 T23 T33 T40
# T43 T44 T45 T50 T58 T60.
. "$(dirname "$0")/common.sh"

plan 33
world_up
write_config
start_server
python_test 90 fourways.py
stop_server

# The same server when it may relay over IPv4 only.
relay='ports = "49152-65535" addresses = { "10.77.0.1" }'
write_config
start_server
python_test 60 fourways.py ipv4-only

server_ended_cleanly
