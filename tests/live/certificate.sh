# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# certificate.sh — certificates for the live tests over TLS and DTLS, and the name they are for.
# Sourced in place of common.sh; a test calls make_certificates and name_server
# behind world_up, and gives tls_section to write_config.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_command openssl

server_name=turn.north.gov

# make_certificates — for the client to trust: $work/ca.pem; for the server: $work/fullchain.pem
# and $work/key.pem. An authority stands between the two, so that a server which sends its own
# certificate and no chain is found out.
make_certificates() {
	cat >"$work/certificate.cnf" <<-END
		[req]
		distinguished_name = subject
		prompt = no
		[subject]
		[authority]
		basicConstraints = critical, CA:TRUE
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash
		[leaf]
		basicConstraints = critical, CA:FALSE
		keyUsage = critical, digitalSignature
		extendedKeyUsage = serverAuth
		subjectAltName = DNS:$server_name, IP:10.77.0.1, IP:fd77::1
	END
	if ! { issue ca authority && issue middle authority ca && issue leaf leaf middle; } \
		2>"$work/openssl.err"; then
		explain "$work/openssl.err"
		echo "Bail out! openssl makes no certificates"
		exit 1
	fi
	cat "$work/leaf.pem" "$work/middle.pem" >"$work/fullchain.pem"
	mv "$work/leaf.key" "$work/key.pem"
}

# issue NAME KIND [ISSUER] — NAME.pem and NAME.key, signed by itself or by the issuer.
issue() {
	openssl req -x509 -config "$work/certificate.cnf" -extensions "$2" -subj "/CN=turnpike $1" \
		-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60 \
		${3:+-CA "$work/$3.pem" -CAkey "$work/$3.key"} \
		-keyout "$work/$1.key" -out "$work/$1.pem"
}

# tls_section — for write_config.
tls_section() {
	echo "tls { certificate = \"$work/fullchain.pem\" key = \"$work/key.pem\" }"
}

# name_server — the client's namespace knows the server by name. Another name is refused at once:
# a browser that waits for a DNS server which does not answer is late for names in hosts too.
name_server() {
	local files=/etc/netns/$client_ns
	mkdir -p "$files"
	printf '%s\n' "127.0.0.1 localhost" "10.77.0.1 $server_name" >"$files/hosts"
	printf '%s\n' "nameserver 127.0.0.1" "options timeout:1 attempts:1" >"$files/resolv.conf"
}
