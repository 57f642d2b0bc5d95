#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pion.sh — pion (Debian's Go packages, no network) relays through the server: its TURN client
# with an echo peer, and two of its PeerConnections with a data channel. T01 T30 T49 T50 S33.
. "$(dirname "$0")/common.sh"

packages=/usr/share/gocode
need_command go
[ -d $packages/src/github.com/pion/turn ] || skip_all "pion/turn for Go is not installed"
[ -d $packages/src/github.com/pion/webrtc ] || skip_all "pion/webrtc for Go is not installed"
plan 4

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
write_config
start_server

number_tap in_client 90 "$work/pion" -server 10.77.0.1:3478 -local 10.77.0.2

server_ended_cleanly
