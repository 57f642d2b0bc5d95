#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# issued_clients.sh — what the server answers who asks for a credential is used as it is: by
# Chromium, Firefox, aioice, aiortc and pion, over each URI in it. Then the server is started again:
# what its store keeps is still there, and a call ends when its credential is revoked.
. "$(dirname "$0")/browser.sh"
. "$here/office.sh"
. "$here/pion_build.sh"

chromium=$(find_chromium)
firefox=$(find_firefox)
has_aioice=$("$python" -c 'import aioice, aiortc' 2>/dev/null && echo yes)
has_pion=$(has_pion && echo yes)
turnpikectl=$(find_turnpikectl)

# lines_of PROGRAM LINES — what it adds to the plan: a client that is not there is one line.
lines_of() {
	[ -n "$1" ] && echo "$2" || echo 1
}

# The server answers over HTTP in two ways, and by turnpikectl where that is.
answers=2
[ -z "$turnpikectl" ] || answers=3
in_browser=$((3 * answers + 9 + 6))
lines=$((3 + 1 + 9 + answers + 1)) # before and behind the restart, and the server's end
for more in "$(lines_of "$chromium" $in_browser)" "$(lines_of "$firefox" $in_browser)" \
	"$(lines_of "$has_aioice" $((11 * answers)))" "$(lines_of "$has_pion" $((5 * answers)))"; do
	lines=$((lines + more))
done
plan "$lines"

# with_browser KIND PROGRAM SECONDS FILE [ARGUMENT...] — a Python half with that browser, if any.
with_browser() {
	local kind=$1 program=$2 seconds=$3 file=$4
	shift 4
	if [ -n "$program" ]; then
		office_test "$seconds" "$file" "$kind" "$program" "$@" "$work/ca.pem"
	fi
}

world_up
# Firefox gathers from the address of its default route, and nothing where there is none.
ip -n "$client_ns" route add default via 10.77.0.1
make_certificates
listen='"udp:*:3478", "tcp:*:3478", "tls:*:5349"'
secrets= # the server makes the first, and keeps it
write_config "$(tls_section) $(office_section "$(plain_http)" 'usage-interval = "10s"')"
start_server
office_test 30 issued.py before

with_browser chromium "$chromium" 240 issued_browser.py
with_browser firefox "$firefox" 240 issued_browser.py
[ -n "$chromium" ] || skip "Chromium with what was issued" "chromium is not installed"
[ -n "$firefox" ] || skip "Firefox with what was issued" "firefox is not installed"
if [ -n "$has_aioice" ]; then
	office_test 240 issued_aioice.py
else
	skip "aioice with what was issued" "python3-aioice or python3-aiortc is not installed"
fi
if [ -n "$has_pion" ]; then
	build_pion
	# Its WebRTC stack trusts what the system trusts, and takes no file of ours but this way.
	number_tap in_client 240 env SSL_CERT_FILE="$work/ca.pem" \
		"$work/pion" -local 10.77.0.2 -ca "$work/ca.pem" \
		"$work/post.json" "$work/random.json" ${turnpikectl:+"$work/turnpikectl.json"}
else
	skip "pion with what was issued" "Go, or pion for it, is not installed"
fi

stop_server
start_server
office_test 60 issued.py after
with_browser chromium "$chromium" 180 issued_revoked.py 0
with_browser firefox "$firefox" 180 issued_revoked.py 1

server_ended_cleanly
