#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# streams.sh — clients over TCP, TLS and DTLS: framing at any segmentation, what ends a
# connection and what does not, versions and ciphers, names of protocols, ports shared by two
# transports, deadlines, limits.
# S11-S14 S20-S22 S29 S61-S63 T01 T17 T19 T22 T56-T58 A01 A02 D01.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/certificates.sh"

need_command prlimit
plan 143
export AUTHORITY=$work/ca.pem
world_up
make_certificates
make_certificate rsa-chain.pem rsa-key.pem rsa
ip -n "$client_ns" address add 10.77.0.3/24 dev c0

listen='"udp:*:3478", "dtls:*:3478", "tcp:*:3478", "tls:*:3478", "tls:*:5349", "dtls:*:5349"'
realm_more='limits { allocations-per-user = "4" }'
rsa="certificate = \"$work/rsa-chain.pem\" key = \"$work/rsa-key.pem\""
write_config "$(tls_section)
	listener \"tls:*:5350\" { plain = \"yes\" }
	listener \"tls:*:5351\" { $rsa }
	listener \"dtls:*:5351\" { $rsa }"
start_server
python_test 120 streams.py serve
stop_server

write_config "$(tls_section)
	limits { connections-per-address = \"8\" }"
start_server
python_test 30 streams.py crowd
stop_server

SERVER_WORKERS=2 # each has a dozen descriptors of its own
write_config "$(tls_section)"
start_server prlimit --nofile=64:64
python_test 60 streams.py descriptors

server_ended_cleanly
