#!/bin/bash
# The switch polices the MTU itself, since Linux takes frames that are longer; jumbo frames work.
#
#   a .1 (tap)  b .2 (veth)  small .3 (tap, mtu 1300)  --- network lan,   mtu 1500
#   c .1 (tap)  d .2 (veth)                            --- network jumbo, mtu 9000
#
# Proves BR-9 (dropped and counted, no ICMP; super-segments are judged by their segments), PM-7.
source "$(dirname "$0")/lib.sh"

start_uswitch main <<YAML
networks: {lan: {}, jumbo: {mtu: 9000}}
ports:
  a:     {type: tap,  netns: a,     device: eth0, network: lan, address: [10.0.0.1/24, fd00::1/64]}
  b:     {type: veth, netns: b,     device: eth0, network: lan, address: [10.0.0.2/24, fd00::2/64]}
  small: {type: tap,  netns: small, device: eth0, network: lan, address: [10.0.0.3/24, fd00::3/64], mtu: 1300}
  c:     {type: tap,  netns: c,     device: eth0, network: jumbo, address: [10.1.0.1/24, fd01::1/64]}
  d:     {type: veth, netns: d,     device: eth0, network: jumbo, address: [10.1.0.2/24, fd01::2/64]}
YAML
for ns in b d small; do iperf_server $ns; done
large() { ping_all "$1" "$2" 3 -M do -s "$3"; }  # an ICMP payload; 28 or 48 less than the MTU

step "a packet of just the MTU passes"
large a 10.0.0.2 1472; large a fd00::2 1452; large b 10.0.0.1 1472; large a 10.0.0.3 1272

too_long() {  # FROM ADDRESS PAYLOAD: lost without an ICMP error, and counted
  local before status=0
  before=$(drops exceeds_mtu "$1")
  in_ns "$1" ping -n -c 3 -i 0.05 -W 0.3 -M do -s "$3" "$2" >"$WORK/ping.log" 2>&1 || status=$?
  expect "ping of $3 bytes is lost" "status != 0"
  ! grep -Eqi 'too long|too big|frag needed|unreachable' "$WORK/ping.log" || fail "an ICMP error or a local one came"
  expect_equal "drops of $1 for exceeds_mtu" "$(drops exceeds_mtu "$1")" $((before + 3))
}
step "an endpoint that raises its own MTU cannot send longer packets to the others"
for ns in a b; do ip -n $ns link set eth0 mtu 9000; done
too_long a 10.0.0.2 1473; too_long b 10.0.0.1 1473; too_long a 10.0.0.2 8000; too_long a fd00::2 1453
step "nor can anyone send to a port of smaller MTU what is too long for that one"
too_long b 10.0.0.3 1273
large b 10.0.0.3 1272
step "their TCP goes on in super-segments, with the segment size that the other end asked for"
iperf a 10.0.0.3 -n 10M >/dev/null
expect "bytes a packet to small" "$(port small tx_bytes) / $(port small tx_packets) > 3000"

step "jumbo frames"
large c 10.1.0.2 8972; large d 10.1.0.1 8972; large c fd01::2 8952
iperf c 10.1.0.2 -n 10M >/dev/null
udp c d 10.1.0.2 -b 60M -n 1M -l 8900
udp c d fd01::2 -b 60M -n 1M -l 8900

stop_uswitch main
