#!/bin/sh
# SPDX-License-Identifier: MIT
# arrows.sh — the walls of the house: a room uses only rooms below it, the core asks nothing of
# the world, and a library's headers stay in the rooms that own it.
#
# Environment, from the Makefile: top_srcdir, top_builddir, NM, LINK (the compiler with all
# flags, ready to link), LIBS, and LIBS_ROOM with what a room may link besides.
set -u
: "${top_srcdir:=$(dirname "$0")/..}" "${top_builddir:=$(dirname "$0")/..}"
: "${NM:=nm}" "${LINK:=${CC:-cc}}" "${LIBS:=}"
. "$top_srcdir/tests/tap.sh"

rooms="base wire relay engine net store manage" # lowest first
core="base wire relay engine"

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# ---- the linker: each room whole, with the rooms below it and nothing else

echo 'int main(void) { return 0; }' >"$scratch/main.c"

# links_alone ROOM — with $below and $libraries; the linker's complaints go to the scratch file.
links_alone() {
	# Lists of words on purpose.
	# shellcheck disable=SC2086
	$LINK "$scratch/main.c" -o "$scratch/main" \
		-Wl,--whole-archive "$top_builddir/src/$1/lib$1.a" -Wl,--no-whole-archive \
		$below $libraries $LIBS 2>"$scratch/link"
}

below=
libraries=
core_archives=
for room in $rooms; do
	eval "libraries=\"\${LIBS_$room:-} \$libraries\""
	if links_alone "$room"; then
		: >"$scratch/reaches"
	else
		grep -E 'undefined reference|multiple definition|undefined symbol' "$scratch/link" |
			sed 's/^[^:]*: //' | sort -u >"$scratch/reaches"
		[ -s "$scratch/reaches" ] || cp "$scratch/link" "$scratch/reaches"
	fi
	verdict "$room links with the rooms below it alone" "$scratch/reaches"
	below="$top_builddir/src/$room/lib$room.a $below"
	case " $core " in *" $room "*) core_archives="$core_archives $top_builddir/src/$room/lib$room.a" ;; esac
done

# ---- the core: what is undefined in all of it must be allowed

sed -e 's/#.*//' -e '/^[[:space:]]*$/d' -e 's/.*/^(&)$/' "$top_srcdir/tests/core.allow" \
	>"$scratch/allowed"
# shellcheck disable=SC2086
$NM -g -P --defined-only $core_archives 2>/dev/null | awk 'NF > 1 { print $1 }' | sort -u \
	>"$scratch/defined"
# shellcheck disable=SC2086
$NM -u -A -P $core_archives 2>/dev/null | awk '{ print $2, $1 }' | sort -u >"$scratch/wanted"
awk '{ print $1 }' "$scratch/wanted" | sort -u | comm -23 - "$scratch/defined" |
	grep -vE -f "$scratch/allowed" | while read -r symbol; do
	awk -v symbol="$symbol" '$1 == symbol { sub(/:$/, "", $2); print $2 " asks for " $1 }' \
		"$scratch/wanted"
done >"$scratch/world"
verdict "the core asks for nothing but what tests/core.allow lists" "$scratch/world"

# ---- the sources: whom they include

# includes FILE... — lines "file header" for every #include.
includes() {
	awk '/^[ \t]*#[ \t]*include[ \t]*["<]/ {
		header = $0
		sub(/^[^"<]*/, "", header)
		sub(/[">][^">]*$/, "", header)
		print FILENAME, header
	}' "$@" </dev/null
}

cd "$top_srcdir/src" || exit 1
for file in *.[ch] */*.[ch]; do
	[ ! -f "$file" ] || includes "$file"
done >"$scratch/includes"

# Headers in quotes: of the same room or of one below; the programs have rooms of their own.
awk -v rooms="$rooms" '
	BEGIN {
		count = split(rooms, name, " ")
		for (i = 1; i <= count; i++) rank[name[i]] = i
	}
	$2 ~ /^"/ && $1 ~ /\// {
		from = $1; sub(/\/.*/, "", from)
		to = substr($2, 2)
		if (to !~ /\//) { print $1 " does not say the room of " to; next }
		sub(/\/.*/, "", to)
		if (from == to) next
		if (from == "probe" && (to == "base" || to == "wire" || to == "net")) next
		if (from == "ctl" && to == "base") next
		if (from in rank && to in rank && rank[to] < rank[from]) next
		print $1 " includes " substr($2, 2)
	}' "$scratch/includes" >"$scratch/right"
verdict "no room includes a header of a room above it" "$scratch/right"

# Headers of libraries: who may see them.
awk '
	function owned(file, header) {
		if (header ~ /^openssl\//) return file ~ /^net\//
		if (header ~ /^event2?[\/.]/) return file ~ /^(net|store|manage)\// || file !~ /\//
		if (header == "jansson.h") return file ~ /^(store|manage|ctl)\//
		if (header == "sqlite3.h") return file ~ /^(store\/(store_sqlite|sqlite_file)|ctl\/import_[a-z_]*)\.c$/
		if (header ~ /^hiredis/) return file ~ /^store\/redis_[a-z]*\.[ch]$|^store\/store_(redis|coturn)\.c$|^ctl\/import_/
		if (header == "confuse.h") return file ~ /^conf[^\/]*\.c$/
		if (header ~ /^uni[a-z]*\.h$/ && header != "unistd.h") return file ~ /^store\//
		if (header == "cmocka.h") return 0
		return 1
	}
	!owned($1, substr($2, 2)) { print $1 " includes " substr($2, 2) }
	' "$scratch/includes" >"$scratch/libraries"
verdict "library headers stay in the rooms that own them" "$scratch/libraries"

finish
