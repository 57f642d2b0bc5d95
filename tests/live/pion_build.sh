# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# pion_build.sh — the program of pion/ from Debian's Go packages, without a network. Sourced behind
# common.sh.

: "${work:=}" "${here:=}" # common.sh's

packages=/usr/share/gocode

has_pion() {
	command -v go >/dev/null && [ -d $packages/src/github.com/pion/turn ] &&
		[ -d $packages/src/github.com/pion/webrtc ]
}

# build_pion — into $work/pion. Debian's packages are a GOPATH; the program joins them from a GOPATH
# of its own.
build_pion() {
	local source=$work/go/src/live/pion
	mkdir -p "$source"
	cp "$here"/pion/*.go "$here/pion/go.mod" "$source/"
	if ! (
		cd "$source" || exit
		export GOPATH=$work/go:$packages GO111MODULE=off GOFLAGS='' GOPROXY=off
		export HOME="${HOME:-$work}"
		timeout --foreground -k 5 300 go build -o "$work/pion" .
	) >"$work/build.log" 2>&1; then
		explain "$work/build.log"
		echo "Bail out! the program of pion does not build"
		exit 1
	fi
}
