#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pion.sh — pion (Debian's Go packages, no network) relays through the server over UDP, TCP, TLS
# and DTLS: its TURN client with an echo peer, and two of its PeerConnections with a data channel.
# It is the one WebRTC stack here that speaks DTLS to a TURN server. S11 S20 S21 S22 S33 S62 T01
# T17 T30 T49 T50 T56 Q04.
. "$(dirname "$0")/transports.sh"

packages=/usr/share/gocode
need_command go
[ -d $packages/src/github.com/pion/turn ] || skip_all "pion/turn for Go is not installed"
[ -d $packages/src/github.com/pion/webrtc ] || skip_all "pion/webrtc for Go is not installed"
plan 14

# Debian's packages are a GOPATH; the program joins them from a GOPATH of its own.
build_pion() {
	local source=$work/go/src/live/pion
	mkdir -p "$source"
	cp "$here/pion/main.go" "$here/pion/go.mod" "$source/"
	(
		cd "$source" || exit
		export GOPATH=$work/go:$packages GO111MODULE=off GOFLAGS='' GOPROXY=off
		export HOME="${HOME:-$work}"
		timeout --foreground -k 5 300 go build -o "$work/pion" .
	)
}

world_up
if ! build_pion >"$work/build.log" 2>&1; then
	explain "$work/build.log"
	echo "Bail out! the program does not build"
	exit 1
fi
start_on_all_transports

# Its WebRTC stack trusts what the system trusts, and takes no file of ours but this way.
number_tap in_client 180 env SSL_CERT_FILE="$work/ca.pem" \
	"$work/pion" -server "$server_name" -local 10.77.0.2 -ca "$work/ca.pem"

server_ended_cleanly
