#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# mixed.sh — many allocations at a steady rate: nothing is lost that a kernel accepted, and the
# server's counters agree with the clients' and the peers' to the packet.
#
# MIXED_ALLOCATIONS (default 200), MIXED_RATE (packets per second of each, default 20),
# MIXED_SECONDS (default 5). The full run is 1000, 20 and 60.
. "$(dirname "$0")/common.sh"

need_compiler
plan 8
compile load load.c -lcrypto
world_up
write_config
start_server

seconds=${MIXED_SECONDS:-5}
if ! in_client $((seconds + 120)) "$work/load" 10.77.0.1 3478 10.77.0.2 \
	"${MIXED_ALLOCATIONS:-200}" "${MIXED_RATE:-20}" "$seconds" \
	>"$work/load.out" 2>"$work/load.err"; then
	explain "$work/load.err"
fi
in_client 10 sed -n '/^Udp:/p' /proc/self/net/snmp >"$work/client.snmp"
in_server 10 sed -n '/^Udp:/p' /proc/self/net/snmp >"$work/server.snmp"
stop_server

python_test 30 mixed.py "$work/load.out" "$work/client.snmp" "$work/server.snmp"

server_ended_cleanly
