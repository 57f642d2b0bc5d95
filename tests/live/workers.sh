#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# workers.sh — several workers on one port: clients of many source ports are all served, and
# what the kernel hands to the wrong worker, because of its IP options, reaches the right one.
. "$(dirname "$0")/common.sh"

plan 9
world_up
SERVER_WORKERS=4
write_config
start_server

python_test 90 workers.py

# Proof that the road from worker to worker was taken at all.
stop_server
strays=$(sed -n 's/.* strays=\([0-9]*\).*/\1/p' "$server_log")
if grep -q steering=bpf "$server_log"; then
	check "datagrams were handed from worker to worker: ${strays:-none}" [ "${strays:-0}" -gt 0 ]
else
	skip "datagrams are handed from worker to worker" "the kernel steers by itself"
fi

server_ended_cleanly
