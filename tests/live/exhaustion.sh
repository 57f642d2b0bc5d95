#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# exhaustion.sh — when ports or descriptors are used up the answer is 508, what relays goes on
# relaying, the server does not spin, and every port comes back. T11 T12 T13 T22 T67.
. "$(dirname "$0")/common.sh"

need_command prlimit
plan 18
world_up

relay='ports = "50000-50009"'
write_config
start_server
python_test 60 exhaustion.py ports
stop_server

relay='ports = "49152-65535"'
write_config
start_server prlimit --nofile=64:64
python_test 60 exhaustion.py descriptors

server_ended_cleanly
