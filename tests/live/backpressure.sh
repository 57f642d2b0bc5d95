#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# backpressure.sh — clients over TCP and TLS that ask faster than they listen, or do not listen
# at all: answers stay in order, the server's memory stays bounded, what is relayed in vain is
# dropped and counted, who stalls is closed, and nobody else notices. S12 S29.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/certificates.sh"

plan 19
export AUTHORITY=$work/ca.pem
world_up
make_certificates
listen='"udp:*:3478", "tcp:*:3478", "tls:*:3478"'
write_config "$(tls_section)"
start_server

sanitized=no
! server_is_sanitized || sanitized=yes
python_test 150 backpressure.py serve "$sanitized"
stop_server
python_test 10 backpressure.py counters

server_ended_cleanly
