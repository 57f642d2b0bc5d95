#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tcp_relay.sh — relays over TCP, RFC 6062: connections to peers and from peers, joined over TCP
# and TLS, in both families, on any worker; every refusal; every end.
# C01-C13, T35.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/certificates.sh"

plan 119
export AUTHORITY=$work/ca.pem
world_up
make_certificates
# So that most ConnectionBinds come to another worker than that of the allocation.
SERVER_WORKERS=4
listen='"udp:*:3478", "tcp:*:3478", "tls:*:3478"'
relay='ports = "49152-65535" tcp = "yes"'
write_config "$(tls_section)"
start_server

python_test 120 tcp_relay.py

server_ended_cleanly
