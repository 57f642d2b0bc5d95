# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# browser.sh — what the scripts with browsers share; sourced in place of common.sh. A test calls
# serve_browsers where others call write_config and start_server.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$(dirname "${BASH_SOURCE[0]}")/certificates.sh"

need_command certutil

# find_chromium / find_firefox — print the path of the program; fail when there is none.
find_chromium() {
	first_that_runs chromium chromium-browser google-chrome
}

find_firefox() {
	first_that_runs firefox-esr firefox
}

# first_that_runs NAME... — a script of that name may only say where to get the browser.
first_that_runs() {
	local name
	for name; do
		timeout -k 5 30 "$name" --version >/dev/null 2>&1 && command -v "$name" && return
	done
	return 1
}

# serve_browsers — the server over UDP, TCP and TLS, and its name where the browsers are.
serve_browsers() {
	# Firefox gathers from the address of its default route, and nothing where there is none.
	ip -n "$client_ns" route add default via 10.77.0.1
	make_certificates
	listen='"udp:*:3478", "tcp:*:3478", "tls:*:5349"'
	write_config "$(tls_section)"
	start_server
}

# browser_test SECONDS FILE ARGUMENT... — its Python half; the authority to trust comes last.
browser_test() {
	TMPDIR=$work python_test "$@" "$work/ca.pem"
}
