#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# cluster.sh — two nodes on one Redis: what one of them issues, adds, revokes and removes holds on
# the other, at once, and at once after the other was cut off from Redis.
#
# CUT_SECONDS (default 30): how long the longest cut is.
. "$(dirname "$0")/common.sh"
. "$here/nodes.sh"

for tool in redis-server curl; do
	need_command "$tool"
done
plan 42
nodes_up
nodes_test 180 cluster.py "${CUT_SECONDS:-30}"
