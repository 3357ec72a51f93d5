#!/bin/bash
# workers: 1 2 4
# io: io_uring read_write
# ping and iperf3 (TCP, UDP) over IPv4 and IPv6 between every kind of endpoint, with every offload of the
# namespaces left on: super-segments pass whole, and no checksum is wrong.
#
#   t1 (tap) --+                     +-- v1 (veth)
#              +----- network lan ---+
#   t2 (tap) --+                     +-- v2 (veth) --- eth1 (veth, offloads off) --- far
#
# v2, and t2 likewise, routes on to `far` over a device without offloads, so the kernel must complete
# there what came as a partial checksum; a wrong one that local delivery would not notice then shows.
# Proves VH-3, VH-11, VH-12, AP-1, TR-1, TR-16 (nothing lost unsaid).
source "$(dirname "$0")/lib.sh"

start_uswitch main <<YAML
networks: {lan: {}}
ports:
  t1: {type: tap,  netns: t1, device: eth0, network: lan, address: [10.0.0.1/24, fd00::1/64], guard: off}
  t2: {type: tap,  netns: t2, device: eth0, network: lan, address: [10.0.0.2/24, fd00::2/64], guard: off}
  v1: {type: veth, netns: v1, device: eth0, network: lan, address: [10.0.0.3/24, fd00::3/64], guard: off}
  v2: {type: veth, netns: v2, device: eth0, network: lan, address: [10.0.0.4/24, fd00::4/64], guard: off}
YAML
declare -A number=([t1]=1 [t2]=2 [v1]=3 [v2]=4)
for ns in t1 t2 v1 v2; do iperf_server $ns; done

whole_segments() {  # CLIENT SERVER ADDRESS: TCP reaches the server in super-segments
  local bytes packets
  bytes=$(port "$2" tx_bytes) packets=$(port "$2" tx_packets)
  iperf "$1" "$3" -n 40M >/dev/null
  bytes=$(($(port "$2" tx_bytes) - bytes)) packets=$(($(port "$2" tx_packets) - packets))
  expect "bytes of TCP $1 -> $3" "$bytes > 20 << 20"
  expect "bytes a packet of TCP $1 -> $3" "$bytes / $packets > 3000"
}

for pair in "t1 t2" "t1 v1" "v1 t1" "v1 v2"; do
  read -r client server <<<"$pair"
  for address in 10.0.0.${number[$server]} fd00::${number[$server]}; do
    step "$client -> $server, $address"
    ping_all "$client" "$address"
    ping_all "$client" "$address" 3 -s 20000
    same_bytes "$client" "$server" "$address"
    whole_segments "$client" "$server" "$address"
    udp "$client" "$server" "$address" -b 60M -n 2M -l 1400
    udp "$client" "$server" "$address" -b 60M -n 1M -l 8000  # in fragments
  done
done

route_on() {  # HOP: t1 and v1 reach `far` through this namespace
  ip netns add far
  ip -n "$1" link add eth1 type veth peer name eth0 netns far
  in_ns "$1" ethtool -K eth1 tx off gso off tso off >/dev/null 2>&1
  ip -n "$1" address add 10.1.0.1/24 dev eth1
  ip -n "$1" address add fd01::1/64 dev eth1 nodad
  ip -n far address add 10.1.0.2/24 dev eth0
  ip -n far address add fd01::2/64 dev eth0 nodad
  ip -n "$1" link set eth1 up
  ip -n far link set eth0 up
  ip -n far route add default via 10.1.0.1
  ip -n far route add default via fd01::1
  in_ns "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
  for ns in t1 v1; do
    ip -n $ns route replace 10.1.0.0/24 via "10.0.0.${number[$1]}"
    ip -n $ns route replace fd01::/64 via "fd00::${number[$1]}"
  done
  iperf_server far
}

check_far() {  # HOP CLIENT
  capture far eth0 "$WORK/far.pcap" -c 2000 "src net 10.0.0.0/24 or src net fd00::/64"
  for address in 10.1.0.2 fd01::2; do
    iperf "$2" "$address" -n 1M >/dev/null
    iperf "$2" "$address" -u -b 80M -n 500k -l 1200 >/dev/null
  done
  stop_capture "$capture_pid"
  expect "captured in far" "$(frames_in "$WORK/far.pcap") > 1000"
  expect_equal "wrong checksums $2 -> $1 -> far" "$(captured "$WORK/far.pcap" -vv | grep -Ec 'incorrect|bad udp|wrong')" 0
  expect_equal "checksum errors counted by far" "$(in_ns far nstat -asz | awk '/InCsumErrors/ {n += $2} END {print n + 0}')" 0
}

for hop in v2 t2; do
  step "no wrong checksum in what $hop routes on (TR-1)"
  route_on $hop
  check_far $hop t1
  check_far $hop v1
  ip netns delete far
done

stop_uswitch main
