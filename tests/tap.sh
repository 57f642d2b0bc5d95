# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# tap.sh — TAP for shell scripts that look at the tree: pass, fail, explain, finish.

tap_count=0

# pass DESCRIPTION
pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# fail DESCRIPTION
fail() {
	tap_count=$((tap_count + 1))
	echo "not ok $tap_count - $1"
}

# verdict DESCRIPTION FILE — passes when the file is empty; its lines say what is wrong.
verdict() {
	if [ -s "$2" ]; then
		fail "$1"
		sed 's/^/# /' "$2"
	else
		pass "$1"
	fi
}

# finish — the plan. The exit status is 0: what failed has said so.
finish() {
	echo "1..$tap_count"
	exit 0
}
