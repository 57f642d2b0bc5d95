#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# api_input.sh — the management interface and input that is hard, wrong or hostile: names, bodies,
# framing, slow and silent clients; and the log in both formats, the metrics and the database
# afterwards.
. "$(dirname "$0")/common.sh"

plan 698
world_up
export CONTROL=$work/control.sock STORE=$work/turnpike.db FORMAT

for FORMAT in logfmt json; do
	write_config "
		store = \"sqlite:$STORE\"
		control = \"$CONTROL\"
		http { listen = \"127.0.0.1:8080\" }"
	sed -i "s/^log .*/log { level = \"debug\" format = \"$FORMAT\" to = \"stderr\" }/" \
		"$work/turnpike.conf"
	ready_text=msg=ready
	[ "$FORMAT" = logfmt ] || ready_text='"msg":"ready"'
	start_server
	if [ "$FORMAT" = logfmt ]; then
		python_test 300 api_input.py
	else
		python_test 60 api_input.py names
	fi
	stop_server
done

server_ended_cleanly
