#!/bin/bash
# The kernel's vxlan device is the other node, over IPv4 and IPv6, with every offload of the endpoints and of the
# device left on.
#
#   web 10.4.0.1 (tap) --- network four, VNI 42 ---+                              vx4 10.4.0.2
#   db  10.4.0.3 (veth) ---+                       n1 192.0.2.1 === wire === far 192.0.2.2
#   six 10.6.0.1 (tap) --- network six, VNI 6 -----+  2001:db8::1                 vx6 10.6.0.2, over IPv6
#   old 10.8.0.1 (tap) --- network zero, VNI 8 ----+                              vx8 10.8.0.2, port 8472, no checksum
#
# The pair of veth devices that is the wire leaves the kernel's own super-segments and checksums unfinished, inside the
# tunnel too: what arrives here is cut and summed where an endpoint needs that.
#
# Proves VX-1 to VX-4, VX-8, UG-3 and TR-1 beside another implementation.
source "$(dirname "$0")/lib.sh"
source "$HERE/nodes.sh"

node n1 1
node far 2
vxlan() {  # NAME NUMBER ID ADDRESS-OF-N1 OPTIONS...
  ip -n far link add "$1" type vxlan id "$3" dev eth0 "${@:5}" 2>"$WORK/vxlan.log" || skip "no vxlan device here: $(cat "$WORK/vxlan.log")"
  in_ns far bridge fdb append 00:00:00:00:00:00 dev "$1" dst "$4"
  give far "$1" "10.$2.0.2/24" "fd00:$2::2/64"
}
vxlan vx4 4 42 192.0.2.1 local 192.0.2.2 dstport 4789
vxlan vx6 6 6 2001:db8::1 local 2001:db8::2 dstport 4789
vxlan vx8 8 8 192.0.2.1 local 192.0.2.2 dstport 8472 noudpcsum
start_node n1 <<YAML
networks: {four: {}, six: {}, zero: {}}
tunnels:
  to4: {type: vxlan, network: four, vni: 42, local: 192.0.2.1, remotes: [192.0.2.2]}
  to6: {type: vxlan, network: six, vni: 6, local: "2001:db8::1", remotes: ["2001:db8::2"]}
  to8: {type: vxlan, network: zero, vni: 8, local: 192.0.2.1, remotes: [192.0.2.2], port: 8472, checksum: false}
ports:
  web: {type: tap,  netns: web, device: eth0, network: four, address: [10.4.0.1/24, 'fd00:4::1/64']}
  db:  {type: veth, netns: db,  device: eth0, network: four, address: [10.4.0.3/24, 'fd00:4::3/64']}
  six: {type: tap,  netns: six, device: eth0, network: six,  address: [10.6.0.1/24, 'fd00:6::1/64']}
  old: {type: tap,  netns: old, device: eth0, network: zero, address: [10.8.0.1/24, 'fd00:8::1/64']}
YAML

iperf_server far
tcp_both_ways() {  # ENDPOINT ADDRESS-OF-FAR
  expect "bytes $1 to $2" "$(iperf "$1" "$2" -n 20M) > 10 << 20"
  expect "bytes $2 to $1" "$(iperf "$1" "$2" -R -n 20M) > 10 << 20"
}
step "over IPv4, from a TAP and a veth endpoint"
ping_all web 10.4.0.2; ping_all far 10.4.0.3 3 -s 8000
for from in web db; do tcp_both_ways $from 10.4.0.2; done
tcp_both_ways web fd00:4::2
udp db far 10.4.0.2 -b 40M -n 500K -l 1200
expect "bytes of UDP far to db" "$(iperf db 10.4.0.2 -u -R -b 40M -n 500K -l 1200) > 100000"
udp web far 10.4.0.2 -b 40M -n 500K -l 8000
step "over IPv6"
ping_all six fd00:6::2; ping_all far 10.6.0.1 3 -s 8000
tcp_both_ways six 10.6.0.2
expect_equal "MTU over IPv6" "$(link six eth0 .mtu)" 1430
step "over another port, without checksums"
ping_all old 10.8.0.2
tcp_both_ways old fd00:8::2

step "as over a wire, where hardware has cut and summed what the kernel sends"
like_a_wire far
tcp_both_ways web 10.4.0.2
tcp_both_ways six fd00:6::2

step "nothing wrong came out (TR-1)"
for ns in far web db six old; do
  expect_equal "wrong checksums in $ns" "$(in_ns $ns nstat -asz | awk '/InCsumErrors/ {n += $2} END {print n + 0}')" 0
done

step "what is no remote of ours, or no network, is dropped and counted (VX-10)"
reader4="socket 192.0.2.1 4789"
before=$(drops tunnel_unknown_network "" n1)
ip -n far link add vx9 type vxlan id 9 dev eth0 local 192.0.2.2 dstport 4789
in_ns far bridge fdb append 00:00:00:00:00:00 dev vx9 dst 192.0.2.1
give far vx9 10.4.0.9/24
in_ns far ping -n -q -c 2 -i 0.1 -W 0.2 -I vx9 10.4.0.1 >"$WORK/ping_vni.log" 2>&1 || true
expect "unknown networks" "$(drops tunnel_unknown_network "$reader4" n1) > $before"
ip -n far address add 192.0.2.9/24 dev eth0
in_ns far python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("192.0.2.9", 0)); s.sendto(bytes.fromhex("0800000000002a00") + b"\xff" * 60, ("192.0.2.1", 4789)); s.sendto(b"short", ("192.0.2.1", 4789))'
counted() { (($(drops "$1" "$reader4" n1) == 1)); }
wait_until 3 "unknown remote" counted tunnel_unknown_remote
wait_until 3 "malformed" counted tunnel_malformed

stop_uswitch n1
