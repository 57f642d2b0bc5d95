#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# https.sh — the HTTP interface over TLS: requests that come with the last bytes of the handshake,
# byte by byte, at once, with long bodies; and what is no TLS.
. "$(dirname "$0")/common.sh"
. "$here/certificates.sh"
. "$here/office.sh"

plan 8
world_up
make_certificates
write_config "$(office_section "$(secure_http)")"
start_server
office_test 60 https.py

server_ended_cleanly
