#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# redis_faults.sh — a node under load while its Redis is stopped, frozen, emptied, and refuses in
# every way that it can: nothing relayed is lost or late, whoever needs no Redis is served, the
# others hear soon, and all is well within a second of its return.
. "$(dirname "$0")/common.sh"
. "$here/nodes.sh"

need_command redis-server
plan 79
nodes_up
nodes_test 190 redis_faults.py
