#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ctl_import.sh — turnpikectl takes over what coturn's own turnadmin wrote into a SQLite database
# and into a Redis, and what a turnserver.conf says; a small server stands in for turnpike and
# writes down what it is asked.
. "$(dirname "$0")/common.sh"

need_command turnadmin
need_command redis-server
plan 45
world_up

# turnadmin leaves a log in /var/log or /var/tmp for each of its runs: there it is on a disk of its
# own, which goes away with the test.
# shellcheck disable=SC2016
number_tap in_client 300 unshare -m sh -c '
	mount -t tmpfs none /var/log && mount -t tmpfs none /var/tmp || exit 1
	cd "$1" && shift && exec "$@"' sh "$work" \
	env TURNPIKE="$(realpath "$TURNPIKE")" "$python" "$here/ctl_import.py" "$work"
