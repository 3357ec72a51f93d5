#!/bin/bash
# workers: 1 2
# From a network of jumbo frames to one of ordinary ones, and to one whose MTU is small: path MTU discovery works as
# through a Linux router, what may be cut arrives in pieces, and TCP agrees on smaller segments where that is asked for.
#
#   j (tap)  --+== jumbo, mtu 9000 ==.                   ,== lan,    mtu 1500 ==+-- l (tap)
#   k (veth) --+   10.0.0.1          +----- router ------+   10.1.0.1           +-- m (veth)
#                  fd00:a::1         '                   '   fd00:b::1
#                                                        '== narrow, mtu 1300, clamp_mss ==+-- n (tap)
#                                                            10.2.0.1, fd00:c::1
#
# Proves FR-1, FR-2, PM-2, PM-4, IC-5, TR-15 (a super-segment whose segments fit passes).
source "$(dirname "$0")/lib.sh"

start_uswitch main <<YAML
networks:
  jumbo:  {mtu: 9000, router: [10.0.0.1/24, 'fd00:a::1/64']}
  lan:    {mtu: 1500, router: [10.1.0.1/24, 'fd00:b::1/64']}
  narrow: {mtu: 1300, router: [10.2.0.1/24, 'fd00:c::1/64'], clamp_mss: true}
ports:
  j: {type: tap,  netns: j, device: eth0, network: jumbo,  address: [10.0.0.10/24, 'fd00:a::10/64'], routes: default}
  k: {type: veth, netns: k, device: eth0, network: jumbo,  address: [10.0.0.11/24, 'fd00:a::11/64'], routes: default}
  l: {type: tap,  netns: l, device: eth0, network: lan,    address: [10.1.0.20/24, 'fd00:b::20/64'], routes: default}
  m: {type: veth, netns: m, device: eth0, network: lan,    address: [10.1.0.21/24, 'fd00:b::21/64'], routes: default}
  n: {type: tap,  netns: n, device: eth0, network: narrow, address: [10.2.0.30/24, 'fd00:c::30/64'], routes: default}
YAML
for ns in l m n; do iperf_server $ns; done

too_big() {  # NAMESPACE ADDRESS PAYLOAD ANSWER [OPTIONS]: told, then remembered by the kernel
  in_ns "$1" ping -n -c 1 -W 3 -M do -s "$3" "$2" >"$WORK/too_big.log" 2>&1 || true
  expect_text "ping -M do of $3 bytes" "$WORK/too_big.log" "$4"
}
forget_mtu() { ip -n "$1" route flush cache; ip -n "$1" -6 route flush cache; }

step "what just fits passes, one byte more is answered with the MTU that would"
for ns in j k; do
  ping_all $ns 10.1.0.20 2 -M do -s 1472
  ping_all $ns fd00:b::21 2 -M do -s 1452
  too_big $ns 10.1.0.20 1473 '^From 10\.0\.0\.1 icmp_seq=1 Frag needed and DF set \(mtu = 1500\)'
  too_big $ns 10.1.0.20 1473 'local error: message too long, mtu=1500'
  too_big $ns fd00:b::21 1453 '^From fd00:a::1 icmp_seq=1 Packet too big: mtu=1500'
  too_big $ns fd00:b::21 8000 'local error: message too long, mtu: 1500'
  too_big $ns 10.2.0.30 8000 '^From 10\.0\.0\.1 icmp_seq=1 Frag needed and DF set \(mtu = 1300\)'
  too_big $ns fd00:c::30 8000 '^From fd00:a::1 icmp_seq=1 Packet too big: mtu=1300'
  ping_all $ns 10.2.0.30 2 -M do -s 1272
  expect_equal "counted for $ns" "$(drops needs_fragmentation $ns)" 4
  forget_mtu $ns
done

step "what may be cut arrives in fragments, of fragments too (FR-1, FR-2)"
for size in 1473 4000 20000 65000; do
  capture l eth0 "$WORK/l.pcap" 'icmp or (ip[6:2] & 0x1fff != 0)'
  ping_all j 10.1.0.20 2 -M dont -s $size
  stop_capture "$capture_pid"
  expect "fragments of $size bytes" "$(frames_in "$WORK/l.pcap" 'src 10.0.0.10 and ip[6:2] & 0x3fff != 0') >= 2 * (($size + 8 + 1479) / 1480)"
  ping_all k 10.1.0.21 2 -M dont -s $size
  ping_all k 10.2.0.30 2 -M dont -s $size
done
expect "longest that l received" "$(captured "$WORK/l.pcap" -e | grep -o 'length [0-9]*: ' | awk '{n = $2 + 0 > n ? $2 + 0 : n} END {print n}') <= 1514"

step "IPv6 sources learn the path MTU and go on"
for size in 4000 20000; do
  in_ns j ping -n -q -c 3 -i 0.2 -W 1 -s $size fd00:b::20 >"$WORK/v6.log" 2>&1 || true  # the first is lost to the discovery
  ping_all j fd00:b::20 2 -s $size
done
forget_mtu j

mss_in() { captured "$1" -v "$2" | grep -o 'mss [0-9]*' | sort -u | xargs; }  # FILE FILTER
tcp() {  # FROM TO ADDRESS MSS: of the SYN that arrives
  capture "$2" eth0 "$WORK/tcp.pcap" -c 2 'tcp port 6000 or ip6 proto 6'
  same_bytes "$1" "$2" "$3"
  stop_capture "$capture_pid"
  expect_equal "MSS $1 -> $3" "$(mss_in "$WORK/tcp.pcap" "dst $3")" "mss $4"
}
step "TCP finds its way: by path MTU discovery, or with a segment size that was lowered on the way (PM-4)"
tcp k m 10.1.0.21 8960
tcp j l fd00:b::20 8940
ip -n m link set eth0 mtu 9000  # so it asks for segments that its network does not carry
before=$(drops needs_fragmentation)
for from in j k; do
  for address in 10.1.0.21 fd00:b::21; do same_bytes $from m $address; done
  forget_mtu $from
done
expect "told on the way" "$(drops needs_fragmentation) - before >= 4"
ip -n m link set eth0 mtu 1500
tcp j n 10.2.0.30 1260
tcp k n fd00:c::30 1240
capture n eth0 "$WORK/back.pcap" -c 20 tcp
same_bytes n k 10.0.0.11
stop_capture "$capture_pid"
expect_equal "MSS of the answer k -> n" "$(mss_in "$WORK/back.pcap" "src 10.0.0.11")" "mss 1260"

step "super-segments pass whole, with segments that fit"
whole() {  # FROM TO ADDRESS
  local bytes packets
  bytes=$(port "$2" tx_bytes) packets=$(port "$2" tx_packets)
  iperf "$1" "$3" -n 20M >/dev/null
  bytes=$(($(port "$2" tx_bytes) - bytes)) packets=$(($(port "$2" tx_packets) - packets))
  expect "bytes a packet $1 -> $3" "$bytes / $packets > 3000"
}
for address in 10.1.0.20 fd00:b::20; do whole j l $address; whole k l $address; done
for address in 10.2.0.30 fd00:c::30; do whole j n $address; done
whole k m 10.1.0.21

stop_uswitch main
