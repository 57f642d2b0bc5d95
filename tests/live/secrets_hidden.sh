#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# secrets_hidden.sh — passwords, secrets, keys and what is made of them are in no log, no answer, no
# metric, no output of --check, nowhere in /proc; and the database has no password.
. "$(dirname "$0")/common.sh"
. "$here/certificates.sh"

plan 16
nobody=nobody
[ "$(id -u $nobody 2>/dev/null)" ] || skip_all "there is no user nobody"
world_up
make_certificates
mkdir "$work/state"
chown $nobody "$work/state"
export CONTROL=$work/state/control.sock WORK=$work AUTHORITY=$work/ca.pem NAME=$server_name

echo "in-file-Tz5gW1yQ" >"$work/password"
echo "secret-in-file-Kd6rV0xB" >"$work/secret"
key_line=$(sed -n 2p "$work/key.pem")
cat >"$work/given.json" <<-END
	{
	"password": "clear-Jf8nC3mS", "password in a file": "in-file-Tz5gW1yQ",
	"secret": "secret-clear-Ga4hY7uE", "secret in a file": "secret-in-file-Kd6rV0xB",
	"password of the store in its URL": "url-Lq2wM9pF",
	"password of the store": "store-Ro5tI1zA", "private key": "$key_line"
	}
END

# write_secrets STORE [MORE...]
write_secrets() {
	cat >"$work/turnpike.conf" <<-END
		realm "north.gov" {
		  user "alice" { password = "clear-Jf8nC3mS" }
		  user "bob" { password = "file:$work/password" }
		  secret = { "secret-clear-Ga4hY7uE", "file:$work/secret" }
		}
		listen = { "udp:*:3478" }
		peers { allow = { "10.77.0.0/24" } }
		limits { challenges-per-prefix = "0" }
		store = "$1"
		control = "$CONTROL"
		usage-interval = "10s"
		http { listen = "10.77.0.1:8443" certificate = "$work/fullchain.pem" key = "$work/key.pem" }
		log { level = "debug" format = "logfmt" to = "stderr" }
		run-as = "$nobody"
		${2:-}
	END
}

# check_config FILE — what --check says of the configuration.
check_config() {
	in_server 20 "$TURNPIKE" --check --config "$work/turnpike.conf" >"$work/$1" 2>&1
}

write_secrets "redis://turnpike:url-Lq2wM9pF@127.0.0.1:6379/0"
check_config redis.out
write_secrets "redis://127.0.0.1:6379/0" 'store-password = "store-Ro5tI1zA"'
check_config redis2.out
cat "$work/redis2.out" >>"$work/redis.out"
# What is wrong stands beside what is secret.
: >"$work/broken.out"
for wrong in 's/clear-Jf8nC3mS" }/clear-Jf8nC3mS/' 's/secret = {/secret = {{/' 's/password = "clear/pasword = "clear/' \
	's/"secret-clear-Ga4hY7uE",/"secret-clear-Ga4hY7uE" ; /' 's/store-password = /store-password = 5 /' \
	's|redis://127|redis://x:url-Lq2wM9pF@@:://127|' 's|redis://127|nonsense://x:url-Lq2wM9pF@127|' \
	's|redis://127|redis://url-Lq2wM9pF@127|' 's|redis://127.0.0.1|redis:///x:url-Lq2wM9pF@127|' \
	's|user "bob" { password|user "bob" { key = "in-file-Tz5gW1yQ" password|'; do
	write_secrets "redis://127.0.0.1:6379/0" 'store-password = "store-Ro5tI1zA"'
	sed -i "$wrong" "$work/turnpike.conf"
	check_config wrong.out
	cat "$work/wrong.out" >>"$work/broken.out"
done

[ -z "${KEEP_LOGS:-}" ] || cp "$work/broken.out" "$KEEP_LOGS"
write_secrets "sqlite:$work/state/turnpike.db"
check "the configuration is good" check_config check.out
start_server
python_test 300 secrets_hidden.py

server_ended_cleanly
