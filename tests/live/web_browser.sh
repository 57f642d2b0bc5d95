#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# web_browser.sh — one address serves HTTPS and TURN on port 443: curl fetches pages from a web
# server behind the port while a browser relays its call through it. T01 T44 T49 T50 U01 Q01.
. "$(dirname "$0")/browser.sh"

need_command curl
chromium=$(find_chromium) || skip_all "chromium is not installed"
plan 7
world_up
make_certificates
ip -n "$client_ns" route add default via 10.77.0.1
write_config "$(tls_section)
	listener \"tls:*:443\" { fallback = \"127.0.0.1:8080\" }"
start_server

browser_test 120 web_browser.py "$chromium"

server_ended_cleanly
