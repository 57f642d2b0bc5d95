# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# transports.sh — for live tests of clients over UDP, TCP, TLS and DTLS: the server listens on
# all of them. A test sources this file instead of common.sh and certificates.sh.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$here/certificates.sh"

need_command openssl

listen='"udp:*:3478", "tcp:*:3478", "tls:*:5349", "dtls:*:5349"'

# start_on_all_transports [MORE...] — certificates, the configuration with MORE, the server.
# Also on port 5350 what libnice, and whoever builds on it, takes for TLS: TURN in plain TCP.
start_on_all_transports() {
	make_certificates
	write_config "tls { certificate = \"$work/fullchain.pem\" key = \"$work/key.pem\" }" \
		'listener "tls:*:5350" { plain = "yes" }' "$@"
	start_server
}
