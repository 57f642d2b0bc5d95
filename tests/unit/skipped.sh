#!/bin/sh
# SPDX-License-Identifier: MIT
# skipped.sh — stands in for the unit tests where they were not built.
echo "1..0 # SKIP the unit tests need cmocka, which configure did not find"
