#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# strangers.sh — thousands who say hello over DTLS and never come again, who send records of
# sessions that never were, who open connections for TLS and keep silent: nothing of them stays,
# and whoever is real is served meanwhile. S60 S68.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/certificates.sh"

plan 17
export AUTHORITY=$work/ca.pem
world_up
make_certificates
# One address may have 1024 connections.
for number in 3 4 5 6; do
	add_addresses "$client_ns" c0 "$number"
done
listen='"udp:*:3478", "dtls:*:3478", "tcp:*:3478", "tls:*:3478"'
write_config "$(tls_section)"
start_server

sanitized=no
! server_is_sanitized || sanitized=yes
python_test 150 strangers.py "$sanitized"

server_ended_cleanly
