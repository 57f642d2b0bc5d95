#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# web.sh — a web server behind a port for TLS: HTTPS and TURN side by side, names that are passed
# on unread, a web server that is down; and load balancers that say who the client is by the
# PROXY protocol, version 2.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/certificates.sh"

need_command curl
plan 56
export AUTHORITY=$work/ca.pem
world_up
make_certificates
make_certificate www-chain.pem www-key.pem ec DNS:www.north.gov
ip -n "$client_ns" address add 10.77.0.3/24 dev c0

listen='"udp:*:3478", "tcp:*:3478"'
write_config "$(tls_section)
	listener \"tls:*:443\" { fallback = \"127.0.0.1:8080\" }
	listener \"tls:*:444\" { fallback = \"127.0.0.1:8443\" fallback-names = { \"www.north.gov\" } }
	listener \"tls:*:445\" { fallback = \"127.0.0.1:9\" fallback-names = { \"www.north.gov\" } }
	listener \"tls:*:446\" { fallback = \"127.0.0.1:8080\" plain = \"yes\" }
	listener \"tcp:*:3479\" { proxy-from = { \"10.77.0.3\" } }
	listener \"tls:*:5350\" { proxy-from = { \"10.77.0.3\" } }
	limits { connections-per-address = \"16\" }"
start_server

python_test 90 web.py "$work"

server_ended_cleanly
