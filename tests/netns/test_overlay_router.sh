#!/bin/bash
# Router and NAT of one node serve another: a namespace on n2 goes out through the uplink of n1, and a port
# published there leads to it.
#
#   web 10.0.0.11 (tap) ---+                                                            up0
#   router 10.0.0.1 -------+-- n1 192.0.2.1 === wire === n2 192.0.2.2 --- far 10.0.0.21 (tap)
#     masquerade: wan === raw ===veth=== isp 198.51.100.254, 203.0.113.7
#
# Proves PM-5, TR-1, TR-5, NG-7 over an overlay.
source "$(dirname "$0")/lib.sh"
source "$HERE/nodes.sh"

node n1 1
node n2 2
bare_node isp
ip -n n1 link add wan type veth peer name up0 netns isp
give isp up0 198.51.100.254/24 2001:db8:ff::fe/64
ip -n isp address add 203.0.113.7/32 dev lo
start_node n1 <<YAML
networks:
  office:  {router: [10.0.0.1/24, fd00:a::1/64]}
  outside: {router: [198.51.100.1/24, 2001:db8:ff::1/64]}
tunnels:
  n2: {type: vxlan, network: office, vni: 42, local: 192.0.2.1, remotes: [192.0.2.2]}
ports:
  web: {type: tap, netns: web, device: eth0, network: office, address: [10.0.0.11/24, fd00:a::11/64], routes: default}
  wan: {type: raw, device: wan, network: outside}
routes:
  - {to: 0.0.0.0/0, via: 198.51.100.254}
  - {to: "::/0", via: "2001:db8:ff::fe"}
nat:
  masquerade:
    - {from: 10.0.0.0/24, out: outside}
    - {from: "fd00:a::/64", out: outside}
  publish:
    - {on: outside, port: 5201, proto: tcp, to: "10.0.0.21"}
YAML
start_node n2 <<YAML
networks: {office: {}}
tunnels:
  n1: {type: vxlan, network: office, vni: 42, local: 192.0.2.2, remotes: [192.0.2.1]}
ports:
  far:
    type: tap
    netns: far
    device: eth0
    network: office
    address: [10.0.0.21/24, fd00:a::21/64]
    routes: [{to: 0.0.0.0/0, via: 10.0.0.1}, {to: "::/0", via: "fd00:a::1"}]
YAML

step "out"
ping_all far 10.0.0.11; ping_all far 10.0.0.1
ping_all far 203.0.113.7; ping_all far 2001:db8:ff::fe
ping_all far 203.0.113.7 3 -s 8000
iperf_server isp
for to in 203.0.113.7 2001:db8:ff::fe; do
  expect "bytes far to $to" "$(iperf far $to -n 20M) > 10 << 20"
  expect "bytes $to to far" "$(iperf far $to -R -n 20M) > 10 << 20"
done
udp far isp 198.51.100.254 -b 40M -n 500K -l 8000

step "in, by the published port"
iperf_server far
expect "bytes isp to far" "$(iperf isp 198.51.100.1 -n 20M) > 10 << 20"
expect "bytes far to isp" "$(iperf isp 198.51.100.1 -R -n 20M) > 10 << 20"

step "what is too long for the way to n2 is told of, and no wrong checksum came (PM-5, TR-1)"
ip -n isp route add 10.0.0.0/24 via 198.51.100.1
in_ns web ping -n -c 1 -W 1 -M do -s 1450 10.0.0.21 >"$WORK/ping_local.log" 2>&1 || true
expect_text "web knows its MTU" "$WORK/ping_local.log" "[Mm]essage too long.*mtu=1450"
for ns in far web isp; do
  expect_equal "wrong checksums in $ns" "$(in_ns $ns nstat -asz | awk '/InCsumErrors/ {n += $2} END {print n + 0}')" 0
done
ping_none isp 10.0.0.21

stop_uswitch n1
stop_uswitch n2
