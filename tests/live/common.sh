# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# common.sh — what the live tests share: two network namespaces, one server, TAP.
#
#     server namespace                      client namespace
#     10.77.0.1  fd77::1   s0 ===== c0   10.77.0.2  fd77::2
#
# A test sources this file and then calls, in this order: plan, world_up, write_config,
# start_server, its checks, server_ended_cleanly. Namespaces, processes and the scratch
# folder go away when the script ends, however it ends.
#
# Environment: TURNPIKE (the server's binary), TURNPIKECTL (default: the one beside it),
# SERVER_WORKERS (default 2), KEEP_LOGS (a folder: the server's logs are copied there).

set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test_name=$(basename "$0" .sh)

if [ -z "${TURNPIKE:-}" ]; then
	for TURNPIKE in "${top_builddir:-.}/src/turnpike" "$here/../../src/turnpike"; do
		[ -x "$TURNPIKE" ] && break
	done
fi
TURNPIKECTL=${TURNPIKECTL:-$(dirname "$(realpath "$TURNPIKE")")/turnpikectl}
export TURNPIKECTL

# Debian's modules for Python belong to Debian's interpreter, not to the first in PATH.
python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1

# ---------------------------------------------------------------- TAP

tap_count=0

# plan NUMBER — say how many tests follow; skip them all where namespaces cannot be had. "later":
# the script says at its end what $tap_count is.
plan() {
	if [ "$(id -u)" != 0 ]; then
		skip_all "needs root"
	fi
	local tool
	for tool in ip unshare timeout; do
		need_command "$tool"
	done
	need_command "$python"
	if [ ! -x "$TURNPIKE" ]; then
		echo "Bail out! no server at $TURNPIKE"
		exit 1
	fi
	if ! unshare -n true 2>/dev/null; then
		skip_all "needs network namespaces"
	fi
	work=$(mktemp -d "${TMPDIR:-/tmp}/turnpike-$test_name.XXXXXX") || exit 1
	chmod 755 "$work"
	server_log=$work/server.log
	trap clean_up EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	[ "$1" = later ] || echo "1..$1"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

need_command() {
	command -v "$1" >/dev/null || skip_all "$1 is not installed"
}

# need_compiler — before plan, where compile comes behind it.
need_compiler() {
	read -ra compiler <<<"${CC:-cc}"
	need_command "${compiler[0]}"
}

# pass / fail / skip DESCRIPTION [REASON] — one TAP line.
pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

fail() {
	tap_count=$((tap_count + 1))
	echo "not ok $tap_count - $1"
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# check DESCRIPTION COMMAND... — passes when the command does; shows its words when not.
check() {
	local description=$1
	shift
	if "$@" >"$work/check.out" 2>&1; then
		pass "$description"
	else
		fail "$description"
		explain "$work/check.out"
	fi
}

# explain FILE — its last lines as TAP comments.
explain() {
	tail -n 25 "$1" | cut -c 1-400 | sed 's/^/# /'
}

# number_tap COMMAND... — run a program that prints "ok - ..." lines, and number them.
number_tap() {
	local line
	while IFS= read -r line; do
		case $line in
		"ok - "*"# SKIP "*)
			line=${line#ok - }
			skip "${line%% # SKIP *}" "${line##*# SKIP }"
			;;
		"ok - "*) pass "${line#ok - }" ;;
		"not ok - "*) fail "${line#not ok - }" ;;
		*) echo "# ${line#\# }" ;;
		esac
	done < <("$@" 2>"$work/number.err" || echo "not ok - the test program ended with status $?")
	[ ! -s "$work/number.err" ] || explain "$work/number.err"
}

# ---------------------------------------------------------------- namespaces

server_ns=turnpike-$$-s
client_ns=turnpike-$$-c
namespaces=("$server_ns" "$client_ns") # a test that makes more of them adds them here

# world_up — two namespaces joined by a cable.
world_up() {
	ip netns add "$server_ns" && ip netns add "$client_ns" &&
		ip -n "$server_ns" link add s0 type veth peer name c0 netns "$client_ns" &&
		side_up "$server_ns" s0 1 &&
		side_up "$client_ns" c0 2 && return
	echo "Bail out! cannot make network namespaces"
	exit 1
}

# side_up NAMESPACE DEVICE NUMBER — loopback, the cable's end and its two addresses.
side_up() {
	ip -n "$1" link set lo up &&
		ip -n "$1" link set "$2" up &&
		add_addresses "$1" "$2" "$3"
}

add_addresses() {
	ip -n "$1" address add "10.77.0.$3/24" dev "$2" &&
		ip -n "$1" address add "fd77::$3/64" dev "$2" nodad
}

# in_server / in_client SECONDS COMMAND... — run there, for so long at most.
in_server() {
	local seconds=$1
	shift
	timeout --foreground -k 5 "$seconds" ip netns exec "$server_ns" "$@"
}

in_client() {
	local seconds=$1
	shift
	timeout --foreground -k 5 "$seconds" ip netns exec "$client_ns" "$@"
}

# python_test SECONDS FILE [ARGUMENT...] — the Python half of a test, on the client's side.
python_test() {
	local seconds=$1 file=$2
	shift 2
	number_tap in_client "$seconds" env SERVER_NS="$server_ns" SERVER_PID="${server_pid:-}" \
		SERVER_LOG="$server_log" "$python" "$here/$file" "$@"
}

# compile PROGRAM SOURCE [FLAG...] — a helper in C into the scratch folder.
compile() {
	local program=$1 source=$2
	shift 2
	if ! timeout 60 "${compiler[@]}" -std=c11 -O2 -Wall -Wextra -D_GNU_SOURCE -o "$work/$program" \
		"$here/$source" "$@" 2>"$work/compile.err"; then
		explain "$work/compile.err"
		echo "Bail out! $source does not compile"
		exit 1
	fi
}

# ---------------------------------------------------------------- the server

server_pid=
server_status=0
server_faults=0
helper_pids=()

# What a test may change before write_config.
realm_name=north.gov
secrets='"verysecret"'
realm_more=
listen='"udp:*:3478"'
relay='ports = "49152-65535"'
allow='"10.77.0.0/24", "fd77::/64"'
log_to=stderr

# write_config [MORE...] — the configuration of the tests; MORE is text put behind.
write_config() {
	cat >"$work/turnpike.conf" <<-END
		realm "$realm_name" {
		  user "alice" { password = "wonderland" }
		  user "bob" { password = "builder" }
		  secret = { $secrets }
		  $realm_more
		}
		listen = { $listen }
		relay { $relay }
		peers { allow = { $allow } }
		log { level = "info" format = "logfmt" to = "$log_to" }
		workers = "${SERVER_WORKERS:-2}"
		$*
	END
}

# start_server [PREFIX...] — start it with write_config's file and wait until it serves.
# PREFIX is a command that ends in executing the rest: env A=B, prlimit --nofile=64:64.
# The line that says so is looked for in $ready_log, where the log does not go to stderr; it has
# $ready_text, where the format is not logfmt.
start_server() {
	: >"$server_log"
	[ -z "${ready_log:-}" ] || rm -f "$ready_log"
	ip netns exec "$server_ns" "$@" "$TURNPIKE" --config "$work/turnpike.conf" \
		>>"$server_log" 2>&1 &
	server_pid=$!
	if ! wait_for_line "${ready_log:-$server_log}" "${ready_text:-msg=ready}" "$server_pid"; then
		explain_server
		echo "Bail out! the server did not get ready"
		exit 1
	fi
}

# wait_for_line FILE TEXT PID — until the text is in the file; not when the process ended.
wait_for_line() {
	local turn
	for ((turn = 0; turn < 300; turn++)); do
		grep -qs -- "$2" "$1" && return 0
		is_running "$3" || break
		sleep 0.1
	done
	grep -qs -- "$2" "$1"
}

# eventually SECONDS COMMAND... — again and again until it succeeds; false when it never does.
eventually() {
	local turn tenths=$(($1 * 10))
	shift
	for ((turn = 0; turn < tenths; turn++)); do
		"$@" && return
		sleep 0.1
	done
	return 1
}

# is_running PID — and not a zombie that waits for us.
is_running() {
	local state
	state=$(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null)
	[ -n "$state" ] && [ "${state:0:1}" != Z ]
}

# stop_server — TERM and wait; counts a fault when it did not end with 0.
stop_server() {
	[ -n "$server_pid" ] || return 0
	kill -TERM "$server_pid" 2>/dev/null
	await_server 15
}

# await_server SECONDS — wait for its end by itself; killed, and a fault, when too late.
await_server() {
	local turn
	for ((turn = 0; turn < $1 * 10; turn++)); do
		is_running "$server_pid" || break
		sleep 0.1
	done
	if is_running "$server_pid"; then
		echo "# the server did not end in $1 seconds"
		kill -KILL "$server_pid"
	fi
	wait "$server_pid" 2>/dev/null
	server_status=$?
	server_pid=
	note_faults
}

# note_faults — what speaks against the server that just ended.
note_faults() {
	if [ -n "${KEEP_LOGS:-}" ]; then
		cat "$server_log" >>"$KEEP_LOGS/$test_name.log"
	fi
	if [ "$server_status" != 0 ] || grep -qE "$reports" "$server_log"; then
		server_faults=$((server_faults + 1))
		echo "# the server ended with status $server_status"
		explain_server
	fi
}

# What sanitizers begin a report with.
reports='ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:'

# explain_server — a sanitizer's first report, or the end of the log.
explain_server() {
	grep -m 1 -A 24 -E "$reports" "$server_log" >"$work/report" || explain "$server_log"
	explain "$work/report"
}

# server_ended_cleanly — the last test of every script.
server_ended_cleanly() {
	stop_server
	if [ "$server_faults" = 0 ]; then
		pass "server ended cleanly"
	else
		fail "server ended cleanly"
	fi
}

# server_is_sanitized — then its memory and its speed say nothing.
server_is_sanitized() {
	grep -qE '__[at]san_init' "$TURNPIKE"
}

# start_helper COMMAND... — a program in the client's namespace until the script ends.
start_helper() {
	ip netns exec "$client_ns" "$@" >"$work/helper.log" 2>&1 &
	helper_pids+=($!)
}

# clean_up — whatever still runs in our namespaces was started here.
clean_up() {
	local status=$? pid namespace
	trap - EXIT
	trap '' HUP INT TERM
	for pid in $server_pid "${helper_pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	for namespace in "${namespaces[@]}"; do
		for pid in $(ip netns pids "$namespace" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null
		done
		ip netns delete "$namespace" 2>/dev/null
		rm -rf "/etc/netns/$namespace"
	done
	wait 2>/dev/null
	rm -rf "$work"
	exit "$status"
}
