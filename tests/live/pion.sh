#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pion.sh — pion (Debian's Go packages, no network) relays through the server over UDP, TCP, TLS
# and DTLS: its TURN client with an echo peer, and two of its PeerConnections with a data channel.
# It is the one WebRTC stack here that speaks DTLS to a TURN server. S11 S20 S21 S22 S33 S62 T01
# T17 T30 T49 T50 T56 Q04.
. "$(dirname "$0")/transports.sh"

. "$here/pion_build.sh"

has_pion || skip_all "Go, or pion for it, is not installed"
plan 14

world_up
build_pion
start_on_all_transports

# Its WebRTC stack trusts what the system trusts, and takes no file of ours but this way.
number_tap in_client 180 env SSL_CERT_FILE="$work/ca.pem" \
	"$work/pion" -server "$server_name" -local 10.77.0.2 -ca "$work/ca.pem"

server_ended_cleanly
