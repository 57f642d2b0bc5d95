#!/bin/sh
# SPDX-License-Identifier: MIT
# install.sh — werift, the version that package-lock.json names, into a folder of the build tree
# (by default build-werift, run from the top of it). Does nothing the second time.
#
# usage: install.sh [FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-build-werift}

if cmp -s "$here/package-lock.json" "$folder/installed"; then
	exit 0
fi
mkdir -p "$folder"
rm -f "$folder/installed"
cp "$here/package.json" "$here/package-lock.json" "$folder/"
# Nothing that a package brings is run while it is installed.
timeout 300 npm ci --no-audit --no-fund --ignore-scripts --prefer-offline --prefix "$folder"
cp "$here/package-lock.json" "$folder/installed"
