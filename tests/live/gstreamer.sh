#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gstreamer.sh — two webrtcbin elements of GStreamer (Debian's), allowed nothing but relays, open
# a data channel through the server over UDP, over TCP, and over what libnice below them calls
# TLS. S11 S20 T01 T44 T49 T50 T56 Q06.
. "$(dirname "$0")/transports.sh"

# GStreamer keeps a list of its plugins, by default in the home folder.
plugins=$(mktemp) || exit 1
missing=$(GST_REGISTRY=$plugins "$python" "$here/gstreamer_relay.py" --missing 2>/dev/null) ||
	missing="WebRTC for Python"
if [ -n "$missing" ]; then
	rm -f "$plugins"
	skip_all "GStreamer without $missing"
fi
plan 7
mv "$plugins" "$work/plugins"
export GST_REGISTRY=$work/plugins
world_up
start_on_all_transports

python_test 120 gstreamer_relay.py

server_ended_cleanly
