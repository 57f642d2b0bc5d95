#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# icmp.sh — a peer that is not there harms nobody: no datagram to or from another peer is lost
# for its ICMP errors, the allocation lives, and the client hears of them where the operator
# wants it, and only there. T46.
. "$(dirname "$0")/common.sh"

plan 11
world_up
# Every datagram to a closed port is to be complained of. The last two are a namespace's own only on
# newer kernels; older ones keep their 50 at once.
in_client 5 sh -c 'cd /proc/sys/net && echo 0 >ipv4/icmp_ratelimit && echo 0 >ipv6/icmp/ratelimit &&
	for limit in ipv4/icmp_msgs_per_sec ipv4/icmp_msgs_burst; do
		[ ! -w $limit ] || echo 10000 >$limit; done'

write_config
start_server
python_test 60 icmp.py silent
stop_server

relay='ports = "49152-65535" icmp = "yes"'
write_config
start_server
python_test 60 icmp.py told

server_ended_cleanly
