#!/bin/sh
# SPDX-License-Identifier: MIT
# rows.sh — which requirement is shown by which test: reads the ids in the names of scenes, and those
# in the other tests, and fails when an id of rows.scope has none. With --table it prints them all.
set -eu

tests=${top_srcdir:-$(dirname "$0")/../..}/tests

# found — a line "ID<tab>file<tab>name" for every scene, and "ID<tab>file" for every other test.
found() {
	awk '/^scene "/ {
		name = $0
		sub(/^scene "/, "", name)
		sub(/".*/, "", name)
		file = FILENAME
		sub(/.*\/tests\//, "", file)
		for (rest = name; match(rest, /^[A-Z][0-9][0-9][, ]+/); rest = substr(rest, RLENGTH + 1))
			print substr(rest, 1, 3) "\t" file "\t" substr(name, RLENGTH + 1)
	}' "$tests"/scene/*.scene
	grep -oE '\<[ACDQRSTV][0-9][0-9]\>' "$tests"/unit/*.c "$tests"/live/*.sh "$tests"/live/*.py \
		"$tests"/sim/*.c /dev/null 2>/dev/null |
		sed 's|.*/tests/\([^:]*\):\(.*\)|\2	\1|' | sort -u
}

scope() {
	grep -oE '^[ACDQRSTV][0-9][0-9]' "$tests/scene/rows.scope"
}

if [ "${1-}" = --table ]; then
	found | sort -s -k1,1 | awk -F '\t' '
		$1 != id { printf "%s\n", $1; id = $1 }
		{ printf "    %-32s %s\n", $2, $3 }'
	exit 0
fi

list=$(mktemp)
trap 'rm -f "$list"' EXIT
found >"$list"
number=0
for id in $(scope); do
	number=$((number + 1))
	count=$(grep -c "^$id	" "$list" || true)
	if [ "$count" -gt 0 ]; then
		echo "ok $number - $id has $count"
	else
		echo "not ok $number - $id has a test named after it"
	fi
done
echo "1..$number"
