#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# libnice.sh — two agents of libnice (Debian's libnice-dev), allowed nothing but relays, pass
# data through the server over UDP, over TCP, and over what libnice calls TLS, which is plain TCP
# to a port for TLS. S11 S20 S33 T01 T44 T49 T50 T56 Q06.
. "$(dirname "$0")/transports.sh"

need_compiler
need_command pkg-config
pkg-config --exists nice || skip_all "libnice-dev is not installed"
plan 10
read -ra libnice <<<"$(pkg-config --cflags --libs nice)"
compile libnice_relay libnice_relay.c "${libnice[@]}"
world_up
start_on_all_transports

while read -r port transport; do
	number_tap in_client 120 "$work/libnice_relay" 10.77.0.1 "$port" "$transport" </dev/null
done <<-END
	3478 udp
	3478 tcp
	5350 tls
END

server_ended_cleanly
