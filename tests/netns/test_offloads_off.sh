#!/bin/bash
# workers: 1 2
# Namespaces that switch their offloads off work with those that leave them on, in every mix.
#
#   plain_t (tap, all off) --+-- network lan --+-- full_t (tap, all on)
#   plain_v (veth, all off) -+                 +-- full_v (veth, all on)
#
# Proves VH-3, VH-11: what the sender does not do is not undone, and what the receiver lacks is done.
source "$(dirname "$0")/lib.sh"

start_uswitch main <<YAML
networks: {lan: {}}
ports:
  plain_t: {type: tap,  netns: plain_t, device: eth0, network: lan, address: [10.0.0.1/24, fd00::1/64]}
  plain_v: {type: veth, netns: plain_v, device: eth0, network: lan, address: [10.0.0.2/24, fd00::2/64]}
  full_t:  {type: tap,  netns: full_t,  device: eth0, network: lan, address: [10.0.0.3/24, fd00::3/64]}
  full_v:  {type: veth, netns: full_v,  device: eth0, network: lan, address: [10.0.0.4/24, fd00::4/64]}
YAML
declare -A number=([plain_t]=1 [plain_v]=2 [full_t]=3 [full_v]=4)
for ns in "${!number[@]}"; do iperf_server "$ns"; done
for ns in plain_t plain_v; do
  in_ns $ns ethtool -K eth0 tx off tso off gso off >"$WORK/ethtool.log" 2>&1 || fail "ethtool in $ns"
done
is_off() { in_ns "$1" ethtool -k eth0 | grep -q "^$2: off"; }
for feature in tx-checksumming tcp-segmentation-offload generic-segmentation-offload; do
  is_off plain_t $feature && is_off plain_v $feature || fail "$feature is still on"
done

for pair in "plain_t full_t" "full_t plain_t" "plain_t full_v" "full_v plain_t" "plain_v full_t" "full_t plain_v" \
  "plain_v full_v" "full_v plain_v" "plain_t plain_v"; do
  read -r client server <<<"$pair"
  step "$client -> $server"
  same_bytes "$client" "$server" "10.0.0.${number[$server]}"
  same_bytes "$client" "$server" "fd00::${number[$server]}"
  udp "$client" "$server" "10.0.0.${number[$server]}" -b 60M -n 500k -l 1400
  udp "$client" "$server" "fd00::${number[$server]}" -b 60M -n 500k -l 8000
done
for ns in "${!number[@]}"; do
  expect_equal "checksum errors in $ns" "$(in_ns "$ns" nstat -asz | awk '/InCsumErrors/ {n += $2} END {print n + 0}')" 0
done

step "the switch never merged nor cut: plain senders' frames fit the MTU"
expect "bytes a packet of plain_t" "$(port plain_t rx_bytes) / $(port plain_t rx_packets) <= 1514"

stop_uswitch main
