#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# redis_foreign.sh — what others have written: things in Redis that are none of turnpike's under its
# own keys harm nobody but whom they are about; and coturn's own database, filled by its turnadmin,
# serves its old users and its old secret, and is never written to; or turnpikectl imports it, and
# turnpike serves them from a store of its own.
. "$(dirname "$0")/common.sh"
. "$here/nodes.sh"

for tool in redis-server turnadmin turnutils_uclient; do
	need_command "$tool"
done
plan 94
nodes_up
nodes_test 300 redis_foreign.py
