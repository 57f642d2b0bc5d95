#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# certificates_reload.sh — certificates that change under a server that serves: on SIGHUP and when
# the files change, without a failed handshake or a lost session; pairs that cannot be used, at
# start and later; and what the log warns of.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/certificates.sh"

plan 33
export AUTHORITY=$work/ca.pem
nobody=nobody
[ "$(id -u $nobody 2>/dev/null)" ] || skip_all "there is no user nobody"
world_up
make_certificates
for number in 1 2 3 4; do
	make_certificate "chain-$number.pem" "key-$number.pem"
done
listen='"udp:*:3478", "dtls:*:3478", "tls:*:3478"'
write_config "$(tls_section)
	names = { \"turn.north.gov\", \"10.77.0.1\", \"relay.north.gov\" }"

# refuses_to_start PATTERN — one sentence with the pattern, exit status 1.
refuses_to_start() {
	local status
	in_server 10 "$TURNPIKE" --config "$work/turnpike.conf" >"$work/second.out" 2>&1
	status=$?
	cat "$work/second.out"
	echo "status $status, $(wc -l <"$work/second.out") lines"
	[ "$status" = 1 ] && [ "$(wc -l <"$work/second.out")" = 1 ] && grep -qi "$1" "$work/second.out"
}

logged() {
	wait_for_line "$server_log" "$1" "$server_pid"
}

not_logged() {
	! grep "$1" "$server_log"
}

start_server
check "a name that the certificate lacks is warned of" \
	logged 'certificate_lacks_name .*name=relay.north.gov'
check "a name and an address that it has are not" \
	not_logged 'certificate_lacks_name .*name=\(turn.north.gov\|10.77.0.1\)'
check "a certificate with a month to go is not warned of" not_logged 'certificate_expire'
python_test 150 certificates_reload.py "$work"
stop_server

# ---- what the log warns of
make_certificate fullchain.pem key.pem ec "$certificate_names" 5
write_config "$(tls_section)"
start_server
check "a certificate with five days to go is warned of" logged 'certificate_expires .*days=[45]'
stop_server

make_certificate fullchain.pem key.pem ec "$certificate_names" -1
chmod 600 "$work/key.pem"
write_config "$(tls_section)
	run-as = \"$nobody\""
start_server
check "one that has expired is warned of, and served" logged certificate_expired
check "a key that cannot be read again is warned of" logged 'key_cannot_be_read_again .*key.pem'
python_test 60 certificates_reload.py "$work" without-the-key
stop_server

# ---- pairs that cannot be used
use_pair() {
	cp "$work/$1" "$work/fullchain.pem"
	cp "$work/$2" "$work/key.pem"
}

write_config "$(tls_section)"
use_pair chain-1.pem key-2.pem
check "the key of another certificate: refused at start" refuses_to_start 'not that of the cert'
make_key "$work/rsa.pem" rsa
use_pair chain-1.pem rsa.pem
check "a key of another kind: refused at start" refuses_to_start 'not that of the cert'
use_pair key-1.pem key-1.pem
check "a key in the place of the certificate: refused at start" \
	refuses_to_start 'fullchain.pem is no certificate'
use_pair chain-1.pem chain-1.pem
check "a certificate in the place of the key: refused at start" \
	refuses_to_start 'key.pem is no private key'
echo nonsense >"$work/fullchain.pem"
check "no PEM: refused at start" refuses_to_start 'fullchain.pem is no certificate'
rm "$work/fullchain.pem"
check "no file: refused at start" refuses_to_start 'cannot read the certificate .*fullchain.pem'
use_pair chain-1.pem key-1.pem
rm "$work/key.pem"
check "no key: refused at start" refuses_to_start 'cannot read the key .*key.pem'
write_config "tls { certificate = \"$work/fullchain.pem\" }"
check "a certificate without a key: refused at start" refuses_to_start 'without a key'
write_config
check "TLS without a certificate: refused at start" refuses_to_start 'needs a certificate'

server_ended_cleanly
