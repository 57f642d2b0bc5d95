# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# janus_modules.sh — where the modules of Debian's Janus are: $modules. Skips the test where there is
# none. Sourced behind common.sh.

need_command janus
for modules in /usr/lib/*/janus /usr/lib/janus; do
	[ -e "$modules/plugins/libjanus_echotest.so" ] && break
done
[ -e "$modules/transports/libjanus_http.so" ] || skip_all "Janus's plugins are not installed"
