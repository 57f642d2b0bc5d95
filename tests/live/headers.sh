#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# headers.sh — what the IP header of a relayed datagram looks like on the cable: DF is clear
# unless DONT-FRAGMENT asks for it, DSCP and ECN are copied both ways. T14 T47 T48.
. "$(dirname "$0")/common.sh"

plan 16
world_up
write_config
start_server

python_test 60 headers.py

server_ended_cleanly
