#!/bin/sh
# SPDX-License-Identifier: MIT
# sources.sh — every file that stands in src/ and tests/ is listed in a Makefile.inc: what no
# list names is neither built nor run nor shipped.
set -u
: "${top_srcdir:=$(dirname "$0")/..}"
cd "$top_srcdir" || exit 1
. tests/tap.sh

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# Words of all lists, comments left out. A program's name stands for its source.
sed 's/#.*//' Makefile.am src/Makefile.inc src/*/Makefile.inc tests/Makefile.inc \
	tests/*/Makefile.inc | tr -s '[:space:]\134' '[\n*]' | sort -u >"$scratch/words"

# unlisted FILE... — those that no list names.
unlisted() {
	for file; do
		[ -f "$file" ] || continue
		grep -qxF -e "$file" -e "${file%.c}" "$scratch/words" || echo "$file"
	done
}

unlisted src/*.[ch] src/*/*.[ch] >"$scratch/src"
verdict "every source below src/ is in a Makefile.inc" "$scratch/src"

unlisted tests/*.sh tests/*/*.[ch] tests/*/*.sh tests/*/*.py tests/*/*.go tests/*/*.scene \
	>"$scratch/tests"
verdict "every test is in a Makefile.inc" "$scratch/tests"

finish
