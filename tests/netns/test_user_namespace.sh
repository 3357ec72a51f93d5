#!/bin/bash
# Root of a user namespace, as in a rootless container, is enough to run a switch.
#
#   t (tap) --+-- network lan --+-- v (veth)      all of it in a user namespace that has root alone
#   w1 (raw) -+
#
# Proves that no limit of such a root ends uswitch: buffer sizes, io_uring, namespaces, locks.
USER_NAMESPACE=yes
source "$(dirname "$0")/lib.sh"

read -r _ outer _ </proc/self/uid_map
expect_equal "users of this namespace" "$(awk '{n += $3} END {print n}' /proc/self/uid_map)" 1
echo "root here is user $outer outside"

ip link add w1 type veth peer name w2
ip address add 10.0.0.3/24 dev w2
ip link set w2 up
start_uswitch main <<YAML
networks: {lan: {}}
ports:
  t: {type: tap,  netns: t, device: eth0, network: lan, address: [10.0.0.1/24, fd00::1/64]}
  v: {type: veth, netns: v, device: eth0, network: lan, address: [10.0.0.2/24, fd00::2/64]}
  w: {type: raw,  device: w1, network: lan}
YAML
ping_all t 10.0.0.2; ping_all t 10.0.0.3; ping_all v 10.0.0.3
same_bytes t v 10.0.0.2
same_bytes v t fd00::1
stop_uswitch main
expect_equal "namespaces left" "$(ls /run/netns)" ""
