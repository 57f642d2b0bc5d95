#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# uclient.sh — coturn's own load client relays through the server over UDP and loses nothing:
# channels, Send and Data, client to client, the pairs of address families, many clients,
# big packets, static users and time-limited credentials. T01 T11 T12 T43 T44 T49 T50 T60 R01.
. "$(dirname "$0")/common.sh"
. "$here/uclient_cases.sh"

plan 13
world_up
relay='ports = "49152-65535" channels = "rfc5766"' # this client draws them up to 0x7FFF
write_config
start_server
start_peers

alice=(-u alice -w wonderland)
case_starts relays_everything "T01 T50 channels" \
	-g -e 10.77.0.2 "${alice[@]}" 10.77.0.1
case_starts relays_everything "T43 Send and Data indications" \
	-s -e 10.77.0.2 "${alice[@]}" 10.77.0.1
case_starts relays_everything "T49 client to client" \
	-y -c "${alice[@]}" 10.77.0.1
case_starts relays_everything "T49 T11 T12 client to client over reserved pairs of ports" \
	-y "${alice[@]}" 10.77.0.1
case_starts relays_everything "T60 IPv4 client, IPv4 relay asked for" \
	-X -c -e 10.77.0.2 "${alice[@]}" 10.77.0.1
case_starts relays_everything "T60 IPv6 client, IPv6 relay" \
	-x -c -e fd77::2 "${alice[@]}" fd77::1
case_starts relays_everything "T60 IPv6 client, IPv4 relay" \
	-X -c -e 10.77.0.2 "${alice[@]}" fd77::1
case_starts relays_everything "T60 IPv4 client, IPv6 relay" \
	-x -c -e fd77::2 "${alice[@]}" 10.77.0.1
case_starts relays_everything "20 clients send 20 messages each" \
	-g -m 20 -n 20 -l 200 -z 10 -e 10.77.0.2 "${alice[@]}" 10.77.0.1
case_starts relays_everything "T44 packets of 1200 bytes" \
	-g -l 1200 -n 50 -z 5 -e 10.77.0.2 "${alice[@]}" 10.77.0.1
case_starts is_refused "S33 a wrong password is refused" \
	-e 10.77.0.2 -u alice -w wrong 10.77.0.1
case_starts relays_everything "R01 a time-limited credential" \
	-e 10.77.0.2 -u carol -W verysecret 10.77.0.1

cases_end
server_ended_cleanly
