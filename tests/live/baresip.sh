#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# baresip.sh — two baresips (Debian's baresip-core), SIP phones on libre, call each other with all
# their audio from relay to relay. Over UDP: its module for TURN knows nothing else. T01 T44 T49
# T50.
. "$(dirname "$0")/common.sh"

need_command baresip
for modules in /usr/lib/baresip/modules /usr/lib/*/baresip/modules; do
	[ -e "$modules/turn.so" ] && break
done
[ -e "$modules/turn.so" ] || skip_all "baresip's module for TURN is not installed"
plan 6
world_up
write_config
start_server

HOME=$work python_test 120 baresip_call.py "$modules" "$work"

server_ended_cleanly
