#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# cluster_quota.sh — two nodes on one Redis: quotas hold over both, whatever the race, and outlive
# a node that dies; a node drains; the usage stream has every packet once; what a dead node left
# in Redis goes away by itself.
. "$(dirname "$0")/common.sh"
. "$here/nodes.sh"

need_command redis-server
plan 33
nodes_up
nodes_test 190 cluster_quota.py
