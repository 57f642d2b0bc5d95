#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# janus_rest.sh — a Janus (Debian's) fetches its credentials from the server, by GET and by POST as
# the draft of the TURN REST API has it, over HTTPS; a headless Chromium calls its echo test.
. "$(dirname "$0")/browser.sh"
. "$here/office.sh"
. "$here/janus_modules.sh"

chromium=$(find_chromium) || skip_all "chromium is not installed"
plan 11
world_up
make_certificates
# Whom libcurl trusts in the client's namespace.
mkdir -p "/etc/netns/$client_ns/ssl/certs"
cp "$work/ca.pem" "/etc/netns/$client_ns/ssl/certs/ca-certificates.crt"

listen='"udp:*:3478", "tcp:*:3478", "tls:*:5349"'
secrets= # the server makes its own
write_config "$(tls_section) $(office_section "$(secure_http)")"
start_server
office_test 240 janus_rest.py "$modules" "$chromium"

server_ended_cleanly
