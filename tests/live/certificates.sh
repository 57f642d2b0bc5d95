# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# certificates.sh — certificates for the live tests, made with openssl in the scratch folder, and
# the name they are for. Sourced behind common.sh and before plan.

need_command openssl

server_name=turn.north.gov

: "${work:=}" "${client_ns:=}" # common.sh's scratch folder and namespace

# What a certificate is made for, unless a test says otherwise.
certificate_names=DNS:$server_name,IP:10.77.0.1,IP:fd77::1

# openssl_quietly ARGUMENT... — openssl; what it says is shown when it fails.
openssl_quietly() {
	if ! openssl "$@" >"$work/openssl.out" 2>&1; then
		explain "$work/openssl.out"
		echo "Bail out! openssl $1 failed"
		exit 1
	fi
}

# make_key FILE KIND — a private key: ec (P-256) or rsa (2048 bits).
make_key() {
	local how=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
	[ "$2" != rsa ] || how=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)
	openssl_quietly genpkey "${how[@]}" -out "$1"
}

# make_authority — $work/ca.pem, which clients trust, and $work/middle.pem with its key, which signs
# what make_certificate makes: a server that sends its own certificate and no chain is found out.
make_authority() {
	cat >"$work/openssl.conf" <<-END
		[req]
		distinguished_name = name
		x509_extensions = authority
		[name]
		[authority]
		basicConstraints = critical, CA:TRUE
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash
	END
	make_key "$work/ca-key.pem" ec
	make_key "$work/middle-key.pem" ec
	openssl_quietly req -x509 -new -config "$work/openssl.conf" -key "$work/ca-key.pem" \
		-subj "/CN=authority of the tests" -days 60 -out "$work/ca.pem"
	openssl_quietly req -x509 -new -config "$work/openssl.conf" -key "$work/middle-key.pem" \
		-CA "$work/ca.pem" -CAkey "$work/ca-key.pem" \
		-subj "/CN=issuer of the tests" -days 60 -out "$work/middle.pem"
}

# make_certificate CHAIN KEY [KIND [NAMES [DAYS]]] — a leaf of the authority with a key of its
# own, into two files of $work.
make_certificate() {
	cat >"$work/leaf.conf" <<-END
		basicConstraints = critical, CA:FALSE
		keyUsage = critical, digitalSignature
		extendedKeyUsage = serverAuth
		subjectAltName = ${4:-$certificate_names}
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
	END
	make_key "$work/$2" "${3:-ec}"
	openssl_quietly req -new -config "$work/openssl.conf" -key "$work/$2" \
		-subj "/CN=$server_name" -out "$work/leaf.csr"
	openssl_quietly x509 -req -in "$work/leaf.csr" -CA "$work/middle.pem" -CAkey "$work/middle-key.pem" \
		-set_serial "0x$(openssl rand -hex 8)" -days "${5:-30}" -extfile "$work/leaf.conf" \
		-out "$work/leaf.pem"
	cat "$work/leaf.pem" "$work/middle.pem" >"$work/$1"
}

# make_certificates — $work/ca.pem; $work/fullchain.pem and $work/key.pem, a leaf of it; and the name
# known to clients. Behind world_up.
make_certificates() {
	make_authority
	make_certificate fullchain.pem key.pem
	name_server
}

# What write_config is given for them.
tls_section() {
	echo "tls { certificate = \"$work/fullchain.pem\" key = \"$work/key.pem\" }"
}

# name_server — the client's namespace knows the server by name, also with the dot that Chromium adds
# to a name in a URI of STUN, or of TURN over UDP. Another name is refused at once: a browser that
# waits for a DNS server which does not answer is late for names in hosts too.
name_server() {
	local files=/etc/netns/$client_ns
	mkdir -p "$files"
	printf '%s\n' "127.0.0.1 localhost" "10.77.0.1 $server_name $server_name." >"$files/hosts"
	printf '%s\n' "nameserver 127.0.0.1" "options timeout:1 attempts:1" >"$files/resolv.conf"
}
