# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# uclient_cases.sh — runs turnutils_uclient many times at once and judges what it printed.
# shellcheck disable=SC2154 # common.sh, which a test sources before, makes "$work"

need_command turnutils_uclient
need_command turnutils_peer

descriptions=()
pids=()

# How often a case may be tried until its verdict is right; once, but for a client's own faults.
tries=1

# case_starts VERDICT DESCRIPTION ARGUMENT... — a process of its own; each mostly waits.
case_starts() {
	local number=${#pids[@]}
	descriptions+=("$2")
	try_case "$number" "$1" "${@:3}" >"$work/verdict.$number" 2>&1 &
	pids+=($!)
}

# try_case NUMBER VERDICT ARGUMENT...
try_case() {
	local number=$1 verdict=$2 try
	shift 2
	for ((try = 0; try < tries; try++)); do
		in_client 60 turnutils_uclient "$@" >"$work/case.$number" 2>&1
		"$verdict" $? "$work/case.$number" && return
	done
	return 1
}

# cases_end — one TAP line for each case, when all have ended.
cases_end() {
	local number
	for number in "${!pids[@]}"; do
		if wait "${pids[number]}"; then
			pass "${descriptions[number]}"
		else
			fail "${descriptions[number]}"
			explain "$work/verdict.$number"
		fi
	done
}

# counts STATUS OUTPUT — sets sent and received from the last "tot_send_bytes ~ 1000,
# tot_recv_bytes ~ 1000"; false when the client failed or sent nothing.
counts() {
	read -r sent received < <(sed -n \
		's/.*tot_send_bytes ~ \([0-9]*\), tot_recv_bytes ~ \([0-9]*\).*/\1 \2/p' "$2" | tail -n 1)
	grep -iE 'error|tot_send' "$2" | tail -n 10
	echo "status $1, sent ${sent:-none}, received ${received:-none}"
	[ "$1" = 0 ] && [ "${sent:-0}" -gt 0 ]
}

# Verdicts: VERDICT STATUS OUTPUT. Nothing may be missing.
relays_everything() {
	local sent received
	counts "$1" "$2" && [ "$sent" = "$received" ]
}

is_refused() {
	tail -n 5 "$2"
	echo "status $1"
	[ "$1" != 0 ] && [ "$1" != 124 ] && ! grep -q 'tot_recv_bytes ~ [1-9]' "$2"
}

# start_peers — the echo peers, one for each family.
start_peers() {
	start_helper turnutils_peer -L 10.77.0.2 -L fd77::2
	eventually 10 peers_listen
}

peers_listen() {
	[ "$(in_client 5 ss -Hlun 'sport = :3480' | wc -l)" = 2 ]
}
