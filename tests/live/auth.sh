#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# auth.sh — long-term credentials of RFC 5389 and RFC 8489 side by side: MD5, SHA-256, hidden
# names, bidding down, foreign nonces, other users; and every form of time-limited credential.
# S30-S33 S36-S38 S41-S49 S51 T18 T62 Q03 R01-R03.
. "$(dirname "$0")/common.sh"

plan 32
world_up
secrets='"verysecret", "newsecret"'
write_config
start_server

python_test 60 auth.py

server_ended_cleanly
