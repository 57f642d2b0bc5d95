#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# flood.sh — a flood of every kind of datagram from 100,000 addresses leaves no memory behind,
# and no answer to a stranger is much longer than the question. S08 S34 S60 S68.
#
# FLOOD_COUNT (default 200000) datagrams are sent.
. "$(dirname "$0")/common.sh"

need_compiler
plan 13
compile flood flood.c
world_up
# The forged addresses lie behind the cable, so that what the server answers leaves for good.
ip -n "$server_ns" route add 10.80.0.0/15 via 10.77.0.2
realm_name=turn.example.org # 16 bytes, as the bound on a challenge supposes
write_config
start_server

python_test 60 reflection.py
sanitized=no
! server_is_sanitized || sanitized=yes
python_test 240 flood.py "$work/flood" "${FLOOD_COUNT:-200000}" "$sanitized"

server_ended_cleanly
