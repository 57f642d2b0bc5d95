#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# store_redis.sh — Redis as the store: every verb, notices, leases of racing nodes, what is said of
# wrong passwords and other Redises, and what becomes of requests when it stops, freezes, comes back
# empty, is slow, or another takes its place.
. "$(dirname "$0")/common.sh"

for tool in redis-server redis-sentinel; do
	need_command "$tool"
done
plan 91
driver=${top_builddir:-$here/../..}/tests/live/store_driver
[ -x "$driver" ] || {
	echo "Bail out! no driver at $driver"
	exit 1
}

world_up
python_test 500 store_redis.py "$driver" "$work"
