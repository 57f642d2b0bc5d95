#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# addresses.sh — a wildcard listener on a machine with several addresses answers each question
# from the address it was put to, and relays from that address. S09 S14 S15.
. "$(dirname "$0")/common.sh"

plan 9
world_up
add_addresses "$server_ns" s0 3
write_config
start_server

python_test 60 addresses.py

server_ended_cleanly
