#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# werift.sh — two peer connections of werift (a package of npm, which werift/install.sh gets),
# allowed nothing but relays, open a data channel through the server over UDP, TCP and TLS. S11
# S20 S21 S33 S62 T01 T44 T49 T50 T56.
. "$(dirname "$0")/transports.sh"

need_command node
need_command npm
modules=${top_builddir:-$here/../..}/build-werift
install_log=$("$here/werift/install.sh" "$modules" 2>&1) ||
	skip_all "werift cannot be installed: $(tail -n 1 <<<"$install_log")"
plan 10
world_up
start_on_all_transports

number_tap in_client 120 env NODE_PATH="$modules/node_modules" NODE_EXTRA_CA_CERTS="$work/ca.pem" \
	node "$here/werift/relay.js" "$server_name"

server_ended_cleanly
