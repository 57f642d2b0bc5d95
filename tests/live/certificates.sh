# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# certificates.sh — certificates for the live tests, made with openssl in the scratch folder.
# Sourced behind common.sh; a test calls need_command openssl before its plan.

: "${work:=}" # common.sh's scratch folder

# What a certificate is made for, unless a test says otherwise.
certificate_names=DNS:turn.north.gov,IP:10.77.0.1,IP:fd77::1

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

# make_authority — $work/ca.pem and its key, which sign what make_certificate makes.
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
	openssl_quietly req -x509 -new -config "$work/openssl.conf" -key "$work/ca-key.pem" \
		-subj "/CN=authority of the tests" -days 30 -out "$work/ca.pem"
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
		-subj "/CN=turn.north.gov" -out "$work/leaf.csr"
	openssl_quietly x509 -req -in "$work/leaf.csr" -CA "$work/ca.pem" -CAkey "$work/ca-key.pem" \
		-set_serial "0x$(openssl rand -hex 8)" -days "${5:-30}" -extfile "$work/leaf.conf" \
		-out "$work/leaf.pem"
	cat "$work/leaf.pem" "$work/ca.pem" >"$work/$1"
}

# make_certificates — $work/ca.pem; $work/fullchain.pem and $work/key.pem, a leaf of it.
make_certificates() {
	make_authority
	make_certificate fullchain.pem key.pem
}

# What write_config is given for them.
tls_section() {
	echo "tls { certificate = \"$work/fullchain.pem\" key = \"$work/key.pem\" }"
}
