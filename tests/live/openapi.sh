#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# openapi.sh — etc/openapi.yaml against the server: each path, code and member that it tells of.
. "$(dirname "$0")/common.sh"

file=${OPENAPI:-$here/../../etc/openapi.yaml}
routes=$here/../../src/manage/routes.c
[ -r "$file" ] || skip_all "there is no etc/openapi.yaml"
"$python" -c 'import yaml' 2>/dev/null || skip_all "python3-yaml is not installed"
plan later # as many as the file has operations and codes
world_up
export CONTROL=$work/control.sock
write_config "
	control = \"$CONTROL\"
	usage-interval = \"10s\"
	http { listen = \"127.0.0.1:8080\" }
	realm \"south.gov\" { issue = \"no\" }"
start_server
python_test 120 openapi.py "$file" "$routes"

server_ended_cleanly
echo "1..$tap_count"
