# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# office.sh — for live tests of the HTTP interface: a server with a store that outlives it, the
# control socket, HTTP on loopback of its own namespace, and HTTPS where its clients are. Sourced
# behind common.sh and certificates.sh; a test calls serve_office where others call write_config
# and start_server.

: "${work:=}" "${here:=}" "${server_name:=}" # common.sh's and certificates.sh's

# What the Python half finds it by.
http_port=8080
https_port=8443

# office_section [MORE...] — what write_config is given for it. One of the two listens.
office_section() {
	cat <<-END
		names = { "$server_name" }
		store = "sqlite:$work/turnpike.db"
		control = "$work/control.sock"
		$*
	END
}

# plain_http / secure_http — the interface on loopback, or for clients of the authority.
plain_http() {
	echo "http { listen = \"127.0.0.1:$http_port\" }"
}

secure_http() {
	echo "http { listen = \"10.77.0.1:$https_port\"" \
		"certificate = \"$work/fullchain.pem\" key = \"$work/key.pem\" }"
}

# turnpikectl — its path, where it has been built.
find_turnpikectl() {
	[ ! -x "$TURNPIKECTL" ] || echo "$TURNPIKECTL"
}

# office_test SECONDS FILE ARGUMENT... — a Python half that asks the interface, see office.py.
office_test() {
	local seconds=$1
	shift
	CONTROL=$work/control.sock TURNPIKECTL=$(find_turnpikectl) WORK=$work TMPDIR=$work \
		SSL_CERT_FILE=$work/ca.pem python_test "$seconds" "$@"
}
