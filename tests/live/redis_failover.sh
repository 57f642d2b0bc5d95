#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# redis_failover.sh — a node under load while its Redis is slow, and while a Sentinel puts another
# one in its place, because it died or because somebody said so.
. "$(dirname "$0")/common.sh"
. "$here/nodes.sh"

need_command redis-server
plan 39
nodes_up
nodes_test 170 redis_failover.py
