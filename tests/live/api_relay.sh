#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# api_relay.sh — what the management interface gives out opens the relay as far as it says, and what
# is taken back ends at once; users, secrets, sessions and usage; and what a restart keeps.
. "$(dirname "$0")/common.sh"

plan 218
world_up
export CONTROL=$work/control.sock EXPIRY=lenient STORE=sqlite:$work/turnpike.db

write_store() {
	realm_more="expiry = \"$EXPIRY\"
		limits { allocations-per-tenant = \"4\" allocations-per-user = \"5\" }"
	write_config "
		store = \"$STORE\"
		node = \"relay-1\"
		control = \"$CONTROL\"
		usage-interval = \"10s\"
		realm \"south.gov\" { issue = \"no\" }
		listener \"udp:*:3479\" { realm = \"south.gov\" }"
}

write_store
start_server
python_test 180 api_relay.py all
python_test 30 api_relay.py prepare
stop_server
start_server
python_test 30 api_relay.py kept
stop_server

EXPIRY=strict
write_store
start_server
python_test 60 api_relay.py strict
stop_server

EXPIRY=lenient STORE=memory
write_store
start_server
python_test 30 api_relay.py prepare-ticket
stop_server
start_server
python_test 30 api_relay.py ticket
python_test 30 api_relay.py prepare
stop_server
start_server
python_test 30 api_relay.py kept

server_ended_cleanly
