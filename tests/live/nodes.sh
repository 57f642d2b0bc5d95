# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# nodes.sh — a world of several nodes that share one Redis, all on one bridge.
#
#     redis 10.77.0.5   a 10.77.0.11   b 10.77.0.12   client 10.77.0.2, 10.80.1.2 to 10.80.40.2
#       |                 |              |              |
#     ==+=================+==============+==============+== bridge
#
# A test sources this file behind common.sh and calls nodes_up after plan, then nodes_test.
# Servers, Redis and Sentinel are started by nodes.py, which the Python half uses.
# shellcheck disable=SC2034,SC2154 # common.sh has the namespaces and "$work"

node_world=turnpike-$$
namespaces=("$client_ns" "$node_world-bridge" "$node_world-redis" "$node_world-a" "$node_world-b")

# nodes_up — the bridge and all that is on it.
nodes_up() {
	ip netns add "$node_world-bridge" &&
		ip -n "$node_world-bridge" link add br0 type bridge &&
		ip -n "$node_world-bridge" link set br0 up &&
		on_bridge "$client_ns" 2 &&
		on_bridge "$node_world-redis" 5 &&
		on_bridge "$node_world-a" 11 &&
		on_bridge "$node_world-b" 12 &&
		client_prefixes && return
	echo "Bail out! cannot make network namespaces"
	exit 1
}

# on_bridge NAMESPACE NUMBER — a namespace with one cable to the bridge, and its addresses.
on_bridge() {
	ip netns add "$1" &&
		ip -n "$node_world-bridge" link add "p$2" type veth peer name eth0 netns "$1" &&
		ip -n "$node_world-bridge" link set "p$2" master br0 up &&
		side_up "$1" eth0 "$2"
}

# client_prefixes — the client has an address in each of 40 networks, as 40 sources.
client_prefixes() {
	local number
	for ((number = 1; number <= 40; number++)); do
		ip -n "$client_ns" address add "10.80.$number.2/32" dev eth0 || return
	done
	ip -n "$node_world-a" route add 10.80.0.0/16 via 10.77.0.2 &&
		ip -n "$node_world-b" route add 10.80.0.0/16 via 10.77.0.2
}

# nodes_test SECONDS FILE [ARGUMENT...] — the Python half of a test, on the client's side.
nodes_test() {
	local seconds=$1 file=$2 sanitized=no
	shift 2
	! server_is_sanitized || sanitized=yes
	number_tap in_client "$seconds" env NODE_WORLD="$node_world" WORK="$work" \
		TURNPIKE="$TURNPIKE" SANITIZED="$sanitized" REPORTS="$reports" TEST_NAME="$test_name" \
		"$python" "$here/$file" "$@"
}
