#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# policy.sh — through CreatePermission, ChannelBind and Send a client reaches no special range
# in any spelling, and on the server's own addresses nothing but live relays: no listener, no
# other service, no dead port; and no listener even where the operator allows the address.
# T33 T34 T35 T49 T53.
. "$(dirname "$0")/common.sh"

plan 26
world_up

allow='"10.77.0.2", "fd77::2"'
write_config
start_server
python_test 90 policy.py
stop_server

allow='"10.77.0.0/24", "fd77::/64"'
write_config
start_server
python_test 60 policy.py whole-network

server_ended_cleanly
