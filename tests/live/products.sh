#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# products.sh — credentials made the way the products make them that sign their own with a shared
# secret, or fetch them over HTTP; each relays. With the secret in the configuration, then with the
# same one in the store alone.
. "$(dirname "$0")/common.sh"
. "$here/certificates.sh"
. "$here/office.sh"

plan 83
world_up
name_server

listen='"udp:*:3478", "tcp:*:3478", "tls:*:5349"'
secrets='"north of the border"'
make_authority
make_certificate fullchain.pem key.pem
write_config "$(tls_section) $(office_section "$(plain_http)")"
start_server
office_test 60 products.py file
stop_server

# Nothing is left of the secret but what the store is told.
rm -f "$work"/turnpike.db*
secrets=
write_config "$(tls_section) $(office_section "$(plain_http)")"
start_server
office_test 60 products.py store

server_ended_cleanly
