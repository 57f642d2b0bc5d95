#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# probe.sh — turnpike-probe against the server over every transport, against a server whose relay
# is blocked, against nothing at all, and against servers that do one thing wrong each: it must
# tell which. What it says of certificates is tested in probe_certificates.sh.
. "$(dirname "$0")/common.sh"
. "$here/certificates.sh"

if [ -z "${TURNPIKE_PROBE:-}" ]; then
	for TURNPIKE_PROBE in "${top_builddir:-.}/src/turnpike-probe" \
		"$here/../../src/turnpike-probe"; do
		[ -x "$TURNPIKE_PROBE" ] && break
	done
fi

alice=(--user alice --password wonderland)

# probe STATUS PATTERN ARGUMENT... — it ends with that status, and says the words, which may
# stand on several lines.
probe() {
	local expected=$1 pattern=$2 status
	shift 2
	in_client 60 "$TURNPIKE_PROBE" check "$@" >"$work/probe.out" 2>&1
	status=$?
	cat "$work/probe.out"
	echo "status $status, not $expected, or not: $pattern"
	[ "$status" = "$expected" ] && tr -s ' \n' ' ' <"$work/probe.out" | grep -qE -- "$pattern"
}

# steps_are STEPS ARGUMENT... — all goes well, and these are the names of the steps, in order.
steps_are() {
	local expected=$1
	shift
	probe 0 'Everything worked' "$@" || return
	steps=$(sed -n 's/^  ok    \([a-z]*\) *\([AB]\{0,1\}\) .*/\1\2/p' "$work/probe.out" | tr '\n' ' ')
	echo "steps: $steps"
	[ "$steps" = "$expected " ]
}

behind="permissionA permissionB channelB relay large releaseA releaseB"
certificate="chain name validity strength"

# all_steps / all_steps_tcp / ..._tls / ..._dtls ARGUMENT... — by transport.
all_steps() {
	steps_are "resolve binding challengeA allocateA challengeB allocateB $behind" "$@"
}

all_steps_tcp() {
	steps_are "resolve connectA binding challengeA allocateA connectB challengeB allocateB $behind" \
		"$@"
}

all_steps_tls() {
	steps_are "resolve connectA handshakeA $certificate binding challengeA allocateA \
connectB handshakeB challengeB allocateB $behind" "$@" --ca "$work/ca.pem"
}

all_steps_dtls() {
	steps_are "resolve handshakeA $certificate binding challengeA allocateA \
handshakeB challengeB allocateB $behind" "$@" --ca "$work/ca.pem"
}

prints_one_object() {
	in_client 60 "$TURNPIKE_PROBE" check "$@" --json >"$work/probe.json"
	cat "$work/probe.json"
	"$python" - "$work/probe.json" <<-'END'
		import json, sys
		report = json.load(open(sys.argv[1]))
		steps = {step["step"] + step.get("side", ""): step for step in report["steps"]}
		assert report["ok"] is True, report
		assert all(step["result"] == "ok" for step in steps.values()), steps
		assert steps["relay"]["sent"] == steps["relay"]["returned"] == 10, steps["relay"]
		assert steps["large"]["size"] == 1200, steps["large"]
		assert steps["allocateA"]["lifetime"] >= 600 and steps["allocateA"]["ms"] > 0, steps
	END
}

# is_usage PATTERN ARGUMENT... — one sentence, status 2.
is_usage() {
	local pattern=$1 status
	shift
	"$TURNPIKE_PROBE" "$@" >"$work/probe.out" 2>&1
	status=$?
	cat "$work/probe.out"
	echo "status $status"
	[ "$status" = 2 ] && [ "$(wc -l <"$work/probe.out")" = 1 ] && grep -qE "$pattern" "$work/probe.out"
}

has_no_control_bytes() {
	probe "$@" || return
	! LC_ALL=C grep -q '[[:cntrl:]]' "$work/probe.out"
}

notes_nothing() {
	probe "$@" || return
	! grep -q 'Note:' "$work/probe.out"
}

# liar STATUS PATTERN PORT [ARGUMENT...] — what the probe says of one of the liars.
liar() {
	local status=$1 pattern=$2 port=$3
	shift 3
	probe "$status" "$pattern" "turn:10.77.0.1:$port" "${alice[@]}" --timeout 1 "$@"
}

plan 64
world_up
name_server
make_certificates
listen='"udp:*:3478", "tcp:*:3478", "tls:*:5349", "dtls:*:5349"'
# Every check that succeeds gave back what it had, or the next one would meet the quota.
realm_more='limits { allocations-per-user = 2 }'
allow='"10.1.0.0/16"' # as in life: peers in this private network are denied, but for relays
write_config "$(tls_section)"
start_server

# ---- the server as it should be
check "all steps over IPv4, and what they took is given back" \
	all_steps turn:10.77.0.1 "${alice[@]}"
check "all steps over IPv6" all_steps 'turn:[fd77::1]:3478?transport=udp' "${alice[@]}"
check "a credential made from the secret" all_steps turn:10.77.0.1 --secret verysecret
echo verysecret >"$work/secret"
check "a secret read from a file" all_steps turn:10.77.0.1 "--secret=file:$work/secret"
check "signed by SHA-256" all_steps turn:10.77.0.1 "${alice[@]}" --sha256
check "stun: asks for a binding alone" probe 0 'binding [0-9. ]*ms mapped 10\.77\.0\.2:' \
	stun:10.77.0.1
check "no NAT is seen" probe 0 'nat none' stun:10.77.0.1
check "--json prints one object" prints_one_object turn:10.77.0.1 "${alice[@]}"
check "--verbose prints every message" \
	probe 0 'CreatePermission request: XOR-PEER-ADDRESS USERNAME' \
	turn:10.77.0.1 "${alice[@]}" --verbose

# ---- over every transport
check "all steps over TCP" all_steps_tcp 'turn:10.77.0.1?transport=tcp' "${alice[@]}"
check "all steps over TCP and IPv6" all_steps_tcp 'turn:[fd77::1]?transport=tcp' "${alice[@]}"
check "all steps over TLS" all_steps_tls turns:10.77.0.1 "${alice[@]}"
check "all steps over TLS by name, of which nothing is noted" \
	notes_nothing 0 'name names "turn\.north\.gov.*Everything worked' \
	"turns:$server_name" "${alice[@]}" --ca "$work/ca.pem"
check "all steps over TLS and IPv6" all_steps_tls 'turns:[fd77::1]?transport=tcp' "${alice[@]}"
check "all steps over DTLS" all_steps_dtls 'turns:10.77.0.1?transport=udp' "${alice[@]}"
check "all steps over DTLS and IPv6" all_steps_dtls 'turns:[fd77::1]?transport=udp' "${alice[@]}"
check "signed by SHA-256 over TLS" all_steps_tls turns:10.77.0.1 "${alice[@]}" --sha256
check "stun: over TCP" probe 0 'over TCP ok connect .*binding [0-9. ]*ms mapped 10\.77\.0\.2:' \
	stun:10.77.0.1 --transport tcp
check "stuns: over TLS" probe 0 'alpn "stun\.[a-z-]+".*nat none' \
	stuns:10.77.0.1 --ca "$work/ca.pem"
check "stuns: over DTLS" probe 0 'version DTLSv1\.2.*nat none' \
	stuns:10.77.0.1 --transport udp --ca "$work/ca.pem"
check "a certificate that nobody vouches for" probe 1 'FAIL chain (unknown authority|incomplete).*Failed: chain' \
	turns:10.77.0.1 "${alice[@]}"
check "--insecure uses it" probe 0 'warn chain (unknown authority|incomplete).*relay.*Everything worked' \
	turns:10.77.0.1 "${alice[@]}" --insecure
check "TURN over TLS on the port for TCP" probe 1 'handshake A .*STUN without TLS.*transport=tcp' \
	turns:10.77.0.1:3478 "${alice[@]}" --timeout 2
check "a wrong password over DTLS" probe 1 'allocate A .* 401 .*The password is wrong' \
	'turns:10.77.0.1?transport=udp' --user alice --password wrong --insecure
check "--verbose prints the handshake, and messages decrypted" \
	probe 0 'TLS handshake.*CreatePermission request: XOR-PEER-ADDRESS USERNAME' \
	turns:10.77.0.1 "${alice[@]}" --insecure --verbose

# ---- credentials
check "a wrong password" probe 1 'allocate A .* 401 .*The password is wrong' \
	turn:10.77.0.1 --user alice --password wrong
check "a wrong secret: or the clocks differ" probe 1 'allocate A .* 401 .*expires .*clocks differ' \
	turn:10.77.0.1 --secret wrong

# ---- the way there
check "nothing listens" probe 1 'binding [0-9.]+ ms port unreachable .*Nothing listens' \
	turn:10.77.0.1:3999 "${alice[@]}"
check "no host there" probe 1 'host unreachable' stun:10.77.0.99 --timeout 5
check "no route: skipped, and not called a success" \
	probe 1 'skip binding .*Nothing could be checked' stun:192.0.2.1
check "a name without an address" probe 1 'resolve no address' stun:turnpike.invalid
ip -n "$server_ns" link set lo down # packets from relay to relay take this way
check "the relay is blocked" \
	probe 1 'relay packets lost on the way there.*range of relay ports.*ok release B' \
	turn:10.77.0.1 "${alice[@]}" --timeout 1
ip -n "$server_ns" link set lo up

# ---- usage
check "nothing to do" is_usage 'turnpike-probe --help'
check "no such command" is_usage 'no command chekc' chekc turn:10.77.0.1
check "no such option" is_usage 'no option --pasword' check turn:10.77.0.1 --pasword=x
check "a transport that URIs do not have" is_usage 'there are udp and tcp' \
	check 'turn:turn.example.org?transport=tls'
check "two transports" is_usage 'another transport than --transport' \
	check 'turn:turn.example.org?transport=tcp' --transport udp
check "no file to believe" is_usage 'holds no certificate' check stuns:10.77.0.1 --ca "$work/none"
check "turn: needs credentials" is_usage 'needs --user and --password, or --secret' \
	check turn:10.77.0.1

# ---- servers that do one thing wrong
ip netns exec "$server_ns" env PYTHONDONTWRITEBYTECODE=1 "$python" "$here/probe_liar.py" 10.77.0.1 \
	>"$work/liar.log" 2>&1 &
helper_pids+=($!)
wait_for_line "$work/liar.log" ready $!
check "silence" liar 1 'binding no answer.*a firewall drops UDP' 5000
check "another service" liar 1 'web server.*another service' 5001
check "answers from another address" liar 1 'another address, from 10\.77\.0\.1:.*drop such' 5002
check "a damaged answer" liar 1 'damaged answer.*rewrites packets' 5003
check "a server for STUN only" liar 1 'challenge A no answer.*STUN only' 5004
check "an answer changed on the way" liar 1 'wrong integrity.*ALG' 5005
check "an answer that lost its signature" liar 1 'unsigned answer' 5006
check "a redirection is followed once" \
	liar 0 'redirected: No, alternate 10\.77\.0\.1:3478.*Server 10\.77\.0\.1:3478.*relay' 5007
check "a second redirection is not" liar 1 'redirected a second time' 5008
check "bidding down" liar 1 'list of algorithms taken away' 5009
check "a challenge without a nonce" liar 1 'challenge A .*incomplete answer' 5010
check "a server deaf to signed requests" liar 1 'allocate A no answer' 5011
check "a relay that loses everything" liar 1 'relay packets lost on the way there' 5012
check "a relay that alters packets" liar 1 'relay payload altered' 5013
check "control characters stay away from the terminal" \
	has_no_control_bytes 1 'allocate A .*403' turn:10.77.0.1:5014 "${alice[@]}"
check "438 for ever" liar 1 'allocate A .*438 No.*takes every nonce for stale' 5438
check "440 for every family" liar 1 'allocate A .*440 No.*no relay address' 5440
check "442" liar 1 'allocate A .*442 No.*does not relay UDP' 5442
check "486" liar 1 'allocate A .*486 No.*quota' 5486
check "508" liar 1 'allocate A .*508 No.*range of relay ports' 5508
check "a code without an explanation" liar 1 'allocate A .*499 No.*see its log' 5499

# ---- a server behind a mapping of addresses, told of it or not
stop_server
ip -n "$server_ns" address add 203.0.113.1/32 dev s0
ip -n "$client_ns" route add 203.0.113.1 via 10.77.0.1
relay='addresses = { "10.77.0.1" }'
write_config "$(tls_section)"
start_server
check "a private relayed address of a public server is noted" \
	probe 0 'relayed 10\.77\.0\.1:.*relay \{ external \}. is missing' \
	turn:203.0.113.1 "${alice[@]}"
stop_server
relay='addresses = { "10.77.0.1" } external = { "203.0.113.1" }'
write_config "$(tls_section)"
start_server
check "its external address is seen, and packets find their way" \
	all_steps turn:203.0.113.1 "${alice[@]}"
check "nothing is noted then" \
	notes_nothing 0 'relayed 203\.0\.113\.1:' turn:203.0.113.1 "${alice[@]}"

server_ended_cleanly
