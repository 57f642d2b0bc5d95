#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# api.sh — the management interface: every endpoint, roles and codes, over TCP, TLS and the control
# socket; what cannot be served is refused at the start, in one sentence.
. "$(dirname "$0")/common.sh"
. "$here/certificates.sh"

plan 563
world_up
make_certificates
export CONTROL=$work/control.sock
store=sqlite:$work/turnpike.db

# write_front [MORE...] — a configuration with what the interface needs.
write_front() {
	write_config "
		store = \"$store\"
		node = \"relay-1\"
		control = \"$CONTROL\"
		usage-interval = \"10s\"
		names = { \"$server_name\" }
		realm \"south.gov\" { issue = \"no\" }
		$*"
}

loopback='http { listen = "127.0.0.1:8080" origins = { "https://app.example.org" } }'

# refuses_to_start PATTERN [ARGUMENT] — status 1, and one sentence on stderr that has the pattern.
refuses_to_start() {
	local status
	in_server 10 "$TURNPIKE" --config "$work/turnpike.conf" ${2:+"$2"} >"$work/refused.out" 2>"$work/refused.err"
	status=$?
	cat "$work/refused.err"
	echo "status $status, $(wc -l <"$work/refused.err") lines"
	[ "$status" = 1 ] && [ "$(wc -l <"$work/refused.err")" = 1 ] && [ ! -s "$work/refused.out" ] &&
		grep -qiE "$1" "$work/refused.err"
}

# answers — whether somebody serves the control socket.
answers() {
	timeout 10 "$python" - "$here" "$CONTROL" <<-'END'
		import sys
		sys.path.insert(0, sys.argv[1])
		from apiclient import by_control
		sys.exit(by_control(sys.argv[2]).get("/healthz").status != 200)
	END
}

# ---- every endpoint
write_front "$loopback"
start_server
python_test 300 api.py

# ---- a socket that is served, one that is not, and what is no socket
listen='"udp:*:3479"' store=memory
write_front
check "a control socket that is served: refused" refuses_to_start "another turnpike serves .*stop it"
check "and the server that has it still answers" answers
control=$CONTROL CONTROL=$work/second.sock
write_front "$loopback"
check "a port that is taken: refused" refuses_to_start "cannot listen on 127.0.0.1:8080: another program"
CONTROL=$control store=sqlite:$work/turnpike.db
kill -KILL "$server_pid"
wait "$server_pid" 2>/dev/null
server_pid=
check "killed, it leaves its socket" test -S "$CONTROL"
listen='"udp:*:3478"'
write_front "$loopback"
start_server
check "which the next one replaces" answers
stop_server
check "ended, it takes its socket away" test ! -e "$CONTROL"

# ---- TLS beyond loopback
write_front "http { listen = \"10.77.0.1:8443\" certificate = \"$work/fullchain.pem\" key = \"$work/key.pem\" }"
start_server
python_test 60 api.py secure "$work/ca.pem" "$server_name"
stop_server

# ---- what cannot be served
for address in 10.77.0.1:8080 0.0.0.0:8080 '[::]:8080' '[fd77::1]:8080'; do
	write_front "http { listen = \"$address\" }"
	check "$address without a certificate: refused" refuses_to_start "http.listen"
done
write_front "http { listen = \"10.77.0.99:8443\" certificate = \"$work/fullchain.pem\" key = \"$work/key.pem\" }"
check "an address of another machine: refused" refuses_to_start "10.77.0.99:8443.*no such address"
write_front "http { listen = \"127.0.0.1:8443\" certificate = \"$work/none.pem\" key = \"$work/key.pem\" }"
check "a certificate that is not there: refused" refuses_to_start "none.pem"
echo nonsense >"$work/nonsense.pem"
write_front "http { listen = \"127.0.0.1:8443\" certificate = \"$work/nonsense.pem\" key = \"$work/key.pem\" }"
check "a certificate that is none: refused" refuses_to_start "nonsense.pem"
make_key "$work/other.pem" ec
write_front "http { listen = \"127.0.0.1:8443\" certificate = \"$work/fullchain.pem\" key = \"$work/other.pem\" }"
check "a key of another certificate: refused" refuses_to_start "other.pem|fullchain.pem"
store=mysql://127.0.0.1/turnpike
write_front "$loopback"
check "a store of an unknown kind: refused" refuses_to_start "no such kind of store: write "
check "and by --check" refuses_to_start "no such kind of store: write " --check
store=sqlite:$work/nowhere/turnpike.db
write_front "$loopback"
check "a store in a folder that is not there: refused" refuses_to_start "nowhere"
store=sqlite:/proc/turnpike.db
write_front "$loopback"
check "a store where nothing can be written: refused" refuses_to_start "/proc/turnpike.db"
store=sqlite:$work
write_front "$loopback"
check "a store that is a folder: refused" refuses_to_start "$work"
head -c 20000 /dev/urandom >"$work/noise.db"
store=sqlite:$work/noise.db
write_front "$loopback"
check "a store that is no database: refused" refuses_to_start "noise.db"
head -c 5000 "$work/turnpike.db" >"$work/cut.db"
store=sqlite:$work/cut.db
write_front "$loopback"
check "a database that was cut off: refused" refuses_to_start "cut.db"
"$python" -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute("create table t (a)"); c.commit()' \
	"$work/foreign.db"
store=sqlite:$work/foreign.db
write_front "$loopback"
check "a database of another program: refused" refuses_to_start "foreign.db"
store=memory CONTROL=$work/nowhere/control.sock
write_front "$loopback"
check "a control socket in a folder that is not there: refused" refuses_to_start "nowhere.*make its folder"
CONTROL=$work/nonsense.pem
write_front "$loopback"
check "a control socket where a file is: refused" refuses_to_start "nonsense.pem"
check "and the file is still there" grep -qx nonsense "$work/nonsense.pem"

server_ended_cleanly
