#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# probe_certificates.sh — turnpike-probe against servers with certificates of every kind, good and
# bad, and against ports that are not for TLS at all: it must tell which. Needs no turnpike.
. "$(dirname "$0")/common.sh"

if [ -z "${TURNPIKE_PROBE:-}" ]; then
	for TURNPIKE_PROBE in "${top_builddir:-.}/src/turnpike-probe" \
		"$here/../../src/turnpike-probe"; do
		[ -x "$TURNPIKE_PROBE" ] && break
	done
fi

need_command openssl

# ---------------------------------------------------------------- certificates

# authority NAME [ISSUER [START END]] — a certificate that may sign others, by itself or by ISSUER.
authority() {
	local extensions='basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign'
	if [ $# = 1 ]; then
		request "$1" rsa:2048 "$1" &&
			openssl x509 -req -in "$certs/$1.csr" -signkey "$certs/$1.key" -days 3650 \
				-extfile <(echo "$extensions") -out "$certs/$1.pem"
	else
		request "$1" rsa:2048 "$1" && sign "$1" "$2" "$extensions" "${3:-}" "${4:-}"
	fi
}

# request NAME KEY SUBJECT
request() {
	openssl req -new -newkey "$2" -nodes -keyout "$certs/$1.key" -out "$certs/$1.csr" \
		-subj "/CN=$3"
}

# sign NAME ISSUER EXTENSIONS [START END [DIGEST]]
sign() {
	local start=${4:-$(date -u -d '-1 day' +%Y%m%d%H%M%SZ)} end=${5:-}
	openssl ca -batch -notext -config "$certs/ca.conf" -cert "$certs/$2.pem" \
		-keyfile "$certs/$2.key" -in "$certs/$1.csr" -out "$certs/$1.pem" -md "${6:-sha256}" \
		-startdate "$start" -enddate "${end:-$(date -u -d '+90 days' +%Y%m%d%H%M%SZ)}" \
		-extfile <(echo "$3")
}

server_extensions='basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, DNS:other.test'

# leaf NAME [EXTENSIONS [START END [DIGEST [KEY [SUBJECT]]]]] — a server's, with its intermediate.
leaf() {
	request "$1" "${6:-rsa:2048}" "${7:-localhost}" &&
		sign "$1" intermediate "${2:-$server_extensions}" "${3:-}" "${4:-}" "${5:-}" &&
		cat "$certs/intermediate.pem" >>"$certs/$1.pem"
}

alone() {
	openssl x509 -in "$certs/good.pem" -out "$certs/leaf-alone.pem" &&
		cp "$certs/good.key" "$certs/leaf-alone.key"
}

with_root() {
	cat "$certs/good.pem" "$certs/root.pem" >"$certs/with-root.pem" &&
		cp "$certs/good.key" "$certs/with-root.key"
}

self_signed() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 90 -keyout "$certs/self-signed.key" \
		-out "$certs/self-signed.pem" -subj /CN=localhost -addext 'subjectAltName = DNS:localhost' \
		-addext 'basicConstraints = critical, CA:FALSE'
}

old_chain() {
	authority old-intermediate root 20200101000000Z 20210101000000Z &&
		request old-chain rsa:2048 localhost &&
		sign old-chain old-intermediate "$server_extensions" &&
		cat "$certs/old-intermediate.pem" >>"$certs/old-chain.pem"
}

# certificates — all that probe_certificates.py serves.
certificates() {
	local plain='basicConstraints = CA:FALSE'
	certs=$work/certs
	mkdir "$certs" && touch "$certs/index" || return
	cat >"$certs/ca.conf" <<-END
		[ca]
		default_ca = any
		[any]
		database = $certs/index
		new_certs_dir = $certs
		rand_serial = yes
		unique_subject = no
		policy = policy
		[policy]
		commonName = supplied
	END
	authority root && authority intermediate root &&
		leaf good && alone && with_root && self_signed && old_chain &&
		leaf other-name "$plain
subjectAltName = DNS:turn.example.org, DNS:*.example.org" '' '' '' '' turn.example.org &&
		leaf in-subject "$plain" &&
		leaf expired '' 20200101000000Z 20200201000000Z &&
		leaf future '' 20490101000000Z 20490201000000Z &&
		leaf soon '' '' "$(date -u -d '+5 days' +%Y%m%d%H%M%SZ)" &&
		leaf short-key '' '' '' '' rsa:1024 &&
		leaf sha1 '' '' '' sha1 &&
		leaf authority 'basicConstraints = critical, CA:TRUE
subjectAltName = DNS:localhost' &&
		leaf for-clients "$plain
extendedKeyUsage = clientAuth
subjectAltName = DNS:localhost" &&
		leaf address "$plain
subjectAltName = IP:127.0.0.1, IP:::1" &&
		leaf wildcard "$plain
subjectAltName = DNS:*.localhost" '' '' '' '' a.localhost
}

# ---------------------------------------------------------------- what the probe says

# probe STATUS PATTERN ARGUMENT... — it ends with that status, and says the words, which may
# stand on several lines.
probe() {
	local expected=$1 pattern=$2 status
	shift 2
	in_client 60 "$TURNPIKE_PROBE" check --timeout 2 "$@" >"$work/probe.out" 2>&1
	status=$?
	cat "$work/probe.out"
	echo "status $status, not $expected, or not: $pattern"
	[ "$status" = "$expected" ] && tr -s ' \n' ' ' <"$work/probe.out" | grep -qE -- "$pattern"
}

# at STATUS PATTERN PORT [ARGUMENT...] — what it says of the server on that port.
at() {
	local status=$1 pattern=$2 port=$3
	shift 3
	probe "$status" "$pattern" "stuns:localhost:$port" --ipv4 --ca "$certs/root.pem" "$@"
}

# notes_nothing ARGUMENT... — as at, and it has nothing to add.
notes_nothing() {
	at "$@" || return
	! grep -qE 'Note:|Likely cause:' "$work/probe.out"
}

# fails_alone STEP ARGUMENT... — as at, and of all steps this one alone fails.
fails_alone() {
	local step=$1
	shift
	at "$@" || return
	[ "$(sed -n 's/^  FAIL  \([a-z]*\) .*/\1/p' "$work/probe.out")" = "$step" ]
}

asks_for_nothing() {
	at "$@" || return
	! grep -q 'binding' "$work/probe.out"
}

json_warns() {
	in_client 60 "$TURNPIKE_PROBE" check stuns:localhost:6005 --ipv4 --ca "$certs/root.pem" \
		--insecure --json >"$work/probe.json"
	cat "$work/probe.json"
	"$python" - "$work/probe.json" <<-'END'
		import json, sys
		report = json.load(open(sys.argv[1]))
		steps = {step["step"]: step for step in report["steps"]}
		assert report["ok"] is True and report["transport"] == "TLS", report
		assert steps["validity"]["result"] == "warned", steps["validity"]
		assert steps["validity"]["failure"] == "expired", steps["validity"]
		assert steps["chain"]["result"] == steps["binding"]["result"] == "ok", steps
		assert steps["chain"]["certificates"] == 2, steps["chain"]
		assert steps["handshake"]["version"] == "TLSv1.3", steps["handshake"]
	END
}

# start_openssl PORT ARGUMENT... — openssl's own server, with the good certificate.
start_openssl() {
	local port=$1 turn
	shift
	ip netns exec "$client_ns" openssl s_server -4 -accept "127.0.0.1:$port" -quiet \
		-cert "$certs/good.pem" -cert_chain "$certs/good.pem" -key "$certs/good.key" "$@" \
		>"$work/openssl-$port.log" 2>&1 </dev/null &
	helper_pids+=($!)
	for ((turn = 0; turn < 100; turn++)); do
		ip netns exec "$client_ns" ss -Hlutn | grep -q ":$port " && break
		sleep 0.1
	done
}

# by_system — as at, but with the system's roots, of which SSL_CERT_FILE names the file.
by_system() {
	local status=$1 pattern=$2 port=$3
	SSL_CERT_FILE=$certs/root.pem SSL_CERT_DIR=$certs/none \
		probe "$status" "$pattern" "stuns:localhost:$port" --ipv4
}

plan 56
world_up
if ! certificates >"$work/certificates.log" 2>&1; then
	explain "$work/certificates.log"
	echo "Bail out! cannot make certificates"
	exit 1
fi
start_helper "$python" "$here/probe_certificates.py" 127.0.0.1 "$certs"
wait_for_line "$work/helper.log" ready "${helper_pids[0]}"

# ---- certificates that are fine
check "a good certificate" notes_nothing 0 'Everything worked' 6000
check "version, cipher and protocol are said" at 0 \
	'handshake [0-9.]+ ms version TLSv1\.3, cipher TLS_[A-Z0-9_]+, alpn "stun\.(turn|nat-discovery)"' 6000
check "names, dates and key are said" at 0 \
	'names "localhost other\.test".* until 20[^ ]*, left 89 days.* key "RSA 2048", digest "SHA256"' 6000
check "TLS 1.2" notes_nothing 0 'version TLSv1\.2' 6100
check "a root that is sent needlessly" notes_nothing 0 'certificates 3' 6013
check "a name by a wildcard does not cover its parent" fails_alone name 1 'for another name' 6015
check "a root of the system's" by_system 0 'Everything worked' 6000
check "a self-signed one that --ca names" notes_nothing 0 'Everything worked' 6002 \
	--ca "$certs/self-signed.pem"
check "an intermediate that --ca names" notes_nothing 0 'Everything worked' 6001 \
	--ca "$certs/intermediate.pem"
check "an answer that comes byte by byte" notes_nothing 0 'Everything worked' 6105

# ---- the chain
check "a root that nobody knows" fails_alone chain 1 'unknown authority.*private one' 6013 \
	--ca "$certs/self-signed.pem"
check "a missing intermediate" fails_alone chain 1 \
	'incomplete chain.*certificates 1, missing "CN=intermediate".*fullchain\.pem' 6001
check "a self-signed certificate" fails_alone chain 1 'self-signed certificate.*signed by itself' 6002
check "an intermediate that has expired" fails_alone chain 1 'issuer out of its time' 6012
check "a certificate for clients" fails_alone chain 1 'not for servers.*no serverAuth' 6011
check "one of an authority, which is noted" at 0 'ok chain .*CA:TRUE.*Firefox' 6010

# ---- the name
check "another name" fails_alone name 1 \
	'for another name, names "turn\.example\.org \*\.example\.org".*does not cover the name' 6003
check "the name in the subject alone" fails_alone name 1 'in the subject alone.*CN' 6004
check "an address with an entry of its own, which is noted" probe 0 \
	'ok name names "127\.0\.0\.1 ::1" Note: The URI has an address' \
	stuns:127.0.0.1:6014 --ca "$certs/root.pem"
check "an address without" probe 1 'FAIL name for another name, .*iPAddress.*Note: The URI' \
	stuns:127.0.0.1:6000 --ca "$certs/root.pem"

# ---- the dates
check "an expired certificate" fails_alone validity 1 \
	'expired, from 2020-01-01T00:00:00Z, until 2020-02-01T00:00:00Z, clock 20.*was not renewed' 6005
check "one that is not valid yet" fails_alone validity 1 'not yet valid.*clock' 6006
check "one that ends soon, which is noted" at 0 'ok validity .*left 4 days Note: .*ends soon' 6007

# ---- its strength
check "a short key" fails_alone strength 1 'weak key, key "RSA 1024".*too short' 6008
check "a signature by SHA-1" fails_alone strength 1 'weak signature.*digest "SHA1".*forged' 6009

# ---- what follows from it
check "nothing is asked for behind a wrong certificate" asks_for_nothing 1 'Failed: validity' 6005
check "--insecure goes on, and says the same" at 0 \
	'warn validity .*expired.*was not renewed.*ok binding.*Everything worked' 6005 --insecure
check "--json calls it warned" json_warns

# ---- TLS that does not come about
check "versions that are too old" at 1 'handshake [0-9.]+ ms TLS refused: protocol version.*1\.2' 6101
check "a server that knows another name" at 1 'TLS refused: unrecognized name.*SNI' 6103
check "a server that wants a certificate of ours" at 1 'TLS refused.*wants a certificate' 6102
start_openssl 6301 -alpn h2
check "a server that speaks other protocols" at 1 'TLS refused: no application protocol.*ALPN' 6301
check "STUN without TLS" at 1 'handshake .*STUN without TLS.*--transport tcp' 6110
check "a web server" at 1 'handshake .*a web server.*another service' 6111
check "something else" at 1 'handshake .*not TLS.*another service' 6112
check "silence" at 1 'handshake no answer.*is accepted, but' 6113
check "a connection that is closed" at 1 'handshake [0-9.]+ ms connection closed.*instead' 6114
check "a connection that is reset" at 1 'handshake [0-9.]+ ms connection reset.*firewall' 6115
check "a handshake that stalls" at 1 'handshake .*not finished.*then fell silent' 6116
check "something that TLS is not" at 1 'handshake [0-9.]+ ms TLS failed: .*very old or broken' 6117
check "nothing listens" at 1 'connect [0-9.]+ ms connection refused.*Nothing listens' 6999
ip -n "$client_ns" route add 203.0.113.1 via 10.77.0.1
check "nobody answers" probe 1 'connect no answer.*a firewall drops TCP' stuns:203.0.113.1
check "no host there" probe 1 'connect [0-9.]+ ms host unreachable.*it is down' \
	stuns:10.77.0.99 --timeout 5

# ---- and what comes behind it
check "silence behind TLS" at 1 'binding no answer.*The connection stands' 6104
check "the end behind TLS" at 1 'binding [0-9.]+ ms connection closed.*at the first request' 6106
check "the end without a word" at 1 'binding [0-9.]+ ms connection closed.*at the first request' 6107

# ---- the same ports without TLS
check "TCP" probe 0 'connect [0-9.]+ ms ok binding' stun:127.0.0.1:6110 --transport tcp
check "TLS where STUN was expected" probe 1 'binding .*(TLS instead of STUN|connection closed|connection reset).*stuns:' \
	stun:127.0.0.1:6000 --transport tcp
check "a web server without TLS" probe 1 'binding .*web server answers' \
	stun:127.0.0.1:6111 --transport tcp

# ---- DTLS
start_openssl 6300 -dtls1_2
check "the same certificate over DTLS" at 1 \
	'version DTLSv1\.2, .*ok chain .*ok name .*ok validity .*ok strength .*FAIL binding' 6300 \
	--transport udp
check "nothing listens for DTLS" at 1 'handshake [0-9.]+ ms port unreachable.*no dtls: entry' 6999 \
	--transport udp
check "STUN without DTLS" at 1 'handshake .*STUN without TLS' 6201 --transport udp
check "silence instead of DTLS" at 1 'handshake no answer.*does not speak DTLS' 6200 --transport udp
check "something else than DTLS" at 1 'handshake .*not TLS.*another service' 6202 --transport udp
check "a DTLS handshake that stalls" at 1 'handshake .*not finished.*certificate, the largest' 6203 \
	--transport udp
check "DTLS from another address" at 1 \
	'handshake .*another address, from 127\.0\.0\.1:.*drop such' 6204 --transport udp
