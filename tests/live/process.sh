#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# process.sh — the server as a process: it tells systemd, drops root, reloads, reopens its log,
# refuses to share its port, drains, stops, and shrugs at odd packets.
. "$(dirname "$0")/common.sh"

plan 29
nobody=nobody
[ "$(id -u $nobody 2>/dev/null)" ] || skip_all "there is no user nobody"

world_up
mkdir "$work/logs"
chown $nobody "$work/logs"
log_to=$work/logs/turnpike.log
ready_log=$log_to

# refuses_to_start PATTERN FILE — one sentence with the pattern, exit status 1.
refuses_to_start() {
	local status
	in_server 10 "$TURNPIKE" --config "$2" >"$work/second.out" 2>&1
	status=$?
	cat "$work/second.out"
	echo "status $status, $(wc -l <"$work/second.out") lines"
	[ "$status" = 1 ] && [ "$(wc -l <"$work/second.out")" = 1 ] && grep -qi "$1" "$work/second.out"
}

ended_well() {
	echo "status $server_status"
	[ "$server_status" = 0 ]
}

# ---- started as systemd would
write_config "run-as = \"$nobody\""
"$python" "$here/process.py" notify "$work/notify" >"$work/notified" 2>/dev/null &
helper_pids+=($!)
wait_for_line "$work/notified" bound $!
start_server env NOTIFY_SOCKET="$work/notify"
check "tells systemd READY=1" wait_for_line "$work/notified" READY=1 "$server_pid"
python_test 30 process.py privileges $nobody

# ---- signals and odd packets while it serves
python_test 60 process.py reload "$work/turnpike.conf" "$log_to"
write_config "run-as = \"$nobody\""
kill -HUP "$server_pid"
python_test 30 process.py reopen "$log_to"
python_test 30 process.py odd

# ---- configurations that cannot be served
sed "s|$log_to|stderr|" "$work/turnpike.conf" >"$work/second.conf"
check "a second instance on the port refuses to start" refuses_to_start 3478 "$work/second.conf"
sed 's|udp:\*:3478|udp:10.77.0.99:3478|' "$work/second.conf" >"$work/third.conf"
check "an address of another machine is refused" refuses_to_start 10.77.0.99 "$work/third.conf"
sed 's|^workers|wrokers|' "$work/second.conf" >"$work/fourth.conf"
check "an unknown key is refused, the right one suggested" \
	refuses_to_start 'fourth.conf:.*wrokers.*workers' "$work/fourth.conf"

# ---- its ends
python_test 30 process.py drain
await_server 10
check "USR2: ends with 0 when the last allocation has ended" ended_well

start_server
python_test 30 process.py drain-and-stop
await_server 5
check "TERM while it drains: ends with 0 at once" ended_well

start_server
kill -INT "$server_pid"
await_server 5
check "INT: ends with 0" ended_well

start_server
python_test 30 process.py hold
stop_server
check "TERM with live allocations: ends with 0" ended_well

server_ended_cleanly
