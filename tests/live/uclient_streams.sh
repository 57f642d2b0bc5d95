#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# uclient_streams.sh — coturn's own load client relays through the server over TCP, TLS and DTLS
# in both families, and to peers over TCP, and loses nothing. S11 S20 S21 S22 S33 S62 S63 T01 T43
# T49 T50 T56 T60 C01 C03 C09 C12.
. "$(dirname "$0")/transports.sh"
. "$here/uclient_cases.sh"

# Of the messages of a passive run this client counts as received those of one direction alone:
# what comes out of the plain connection that it has as a peer is read, and not looked at.
relays_the_counted_half() {
	local sent received
	counts "$1" "$2" && [ "$sent" = $((2 * received)) ]
}

plan 26
world_up
# The channels are for this client; to connect two of its relays over TCP, the operator must
# allow the server's own addresses by name.
relay='ports = "49152-65535" channels = "rfc5766" tcp = "yes"'
allow='"10.77.0.0/24", "fd77::/64", "10.77.0.1", "fd77::1"'
start_on_all_transports
start_peers

tls=(-t -S -E "$work/ca.pem")
dtls=(-S -E "$work/ca.pem")
tcp_relay=(-T)
tls_relay=(-T -S -E "$work/ca.pem")

# One record of TLS is what this client reads for each time its socket gets readable: of two
# that come in one segment, the second stays with it for ever. A third of all messages is lost
# that way when they are 1 ms apart, with any server; none when they come one by one, which a
# loaded machine may prevent. So its messages are few and far apart over TLS, and it has three
# tries. That TLS loses nothing at full speed is for aioice.sh and pion.sh to show.
one_by_one=(-n 5 -z 100)

for family in 4 6; do
	case $family in
	4) peer=10.77.0.2 server=10.77.0.1 alice=(-u alice -w wonderland) ;;
	6) peer=fd77::2 server=fd77::1 alice=(-x -u alice -w wonderland) ;;
	esac
	to_peer=(-e "$peer" "${alice[@]}" "$server")

	tries=1
	case_starts relays_everything "S11 S20 T01 T50 T56 TCP, IPv$family: channels" \
		-t -n 50 -z 5 "${to_peer[@]}"
	case_starts relays_everything "T43 TCP, IPv$family: Send and Data indications" \
		-t -s -n 50 -z 5 "${to_peer[@]}"
	case_starts relays_everything "S22 T01 T50 DTLS, IPv$family: channels" \
		"${dtls[@]}" -n 50 -z 5 "${to_peer[@]}"
	case_starts relays_everything "S22 T43 DTLS, IPv$family: Send and Data indications" \
		"${dtls[@]}" -s -n 50 -z 5 "${to_peer[@]}"
	case_starts relays_everything "C01 C03 C09 relays over TCP, IPv$family: from one to another" \
		"${tcp_relay[@]}" "${alice[@]}" "$server"
	# Over TLS this client would have its peer, too, speak TLS to the relay: no such case.
	case_starts relays_the_counted_half "C01 C09 relays over TCP, IPv$family: a peer connects" \
		-T -P -L "$peer" "${alice[@]}" "$server"

	tries=3
	case_starts relays_everything "S21 S62 T01 T50 T56 TLS, IPv$family: channels" \
		"${tls[@]}" "${one_by_one[@]}" "${to_peer[@]}"
	case_starts relays_everything "S21 T43 TLS, IPv$family: Send and Data indications" \
		"${tls[@]}" "${one_by_one[@]}" -s "${to_peer[@]}"
	case_starts relays_everything "C12 relays over TCP behind TLS, IPv$family" \
		"${tls_relay[@]}" "${one_by_one[@]}" "${alice[@]}" "$server"
done

tries=1
wrong=(-u alice -w wrong)
case_starts relays_everything "T49 TCP: client to client" \
	-t -y -c -u alice -w wonderland 10.77.0.1
case_starts relays_everything "T60 TCP over IPv6, IPv4 relay" \
	-t -X -c -e 10.77.0.2 -u alice -w wonderland fd77::1
case_starts relays_everything "20 clients over TCP send 20 messages each" \
	-t -m 20 -n 20 -l 200 -z 10 -e 10.77.0.2 -u alice -w wonderland 10.77.0.1
case_starts is_refused "S33 S63 TCP: a wrong password is refused" \
	-t -e 10.77.0.2 "${wrong[@]}" 10.77.0.1
case_starts is_refused "S33 S63 TLS: a wrong password is refused" \
	"${tls[@]}" -e 10.77.0.2 "${wrong[@]}" 10.77.0.1
case_starts is_refused "S33 DTLS: a wrong password is refused" \
	"${dtls[@]}" -e 10.77.0.2 "${wrong[@]}" 10.77.0.1
case_starts is_refused "S33 relays over TCP: a wrong password is refused" \
	"${tcp_relay[@]}" "${wrong[@]}" 10.77.0.1

cases_end

server_ended_cleanly
