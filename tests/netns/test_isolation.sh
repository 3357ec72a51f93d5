#!/bin/bash
# Namespaces without a common network cannot reach each other, whatever they send; those with one can.
#
#   network red: a1 .1   a2 .2        network blue: b1 .3   b2 .4       network lone: l .5
#   network pool (isolated): c1 .6   c2 .7, and the uplink up .8, which is not isolated
#
# All in 10.0.0.0/24 and with both kinds of endpoint, so that only the switch keeps them apart.
# Proves "isolation" and `isolated`, and BR-3, BR-6: a learned MAC is known in its own network only.
source "$(dirname "$0")/lib.sh"

start_uswitch main <<YAML
networks: {red: {}, blue: {}, lone: {}, pool: {isolated: true}}
ports:
  a1: {type: tap,  netns: a1, device: eth0, network: red,  address: [10.0.0.1/24, fd00::1/64]}
  a2: {type: veth, netns: a2, device: eth0, network: red,  address: [10.0.0.2/24, fd00::2/64]}
  b1: {type: tap,  netns: b1, device: eth0, network: blue, address: [10.0.0.3/24, fd00::3/64]}
  b2: {type: veth, netns: b2, device: eth0, network: blue, address: [10.0.0.4/24, fd00::4/64]}
  l:  {type: tap,  netns: l,  device: eth0, network: lone, address: [10.0.0.5/24, fd00::5/64]}
  c1: {type: tap,  netns: c1, device: eth0, network: pool, address: [10.0.0.6/24, fd00::6/64]}
  c2: {type: veth, netns: c2, device: eth0, network: pool, address: [10.0.0.7/24, fd00::7/64]}
  up: {type: tap,  netns: up, device: eth0, network: pool, address: [10.0.0.8/24, fd00::8/64], isolated: false}
YAML

step "namespaces of one network reach each other"
ping_all a1 10.0.0.2; ping_all a1 fd00::2
ping_all b1 10.0.0.4; ping_all b1 fd00::4

step "nothing of red arrives in blue: unicast, broadcast, multicast, to a MAC known elsewhere"
a_macs="ether src $(mac_of a1) or ether src $(mac_of a2)"
capture b1 eth0 "$WORK/b1.pcap" "$a_macs"; b1_capture=$capture_pid
capture b2 eth0 "$WORK/b2.pcap" "$a_macs"; b2_capture=$capture_pid
capture a2 eth0 "$WORK/a2.pcap" "ether src $(mac_of a1)"; a2_capture=$capture_pid
ping_none a1 10.0.0.3 10.0.0.4 fd00::3  # ARP and neighbour discovery find nobody
ip -n a1 neigh replace 10.0.0.3 lladdr "$(mac_of b1)" dev eth0
ip -n a1 neigh replace 10.0.0.4 lladdr "$(mac_of b2)" dev eth0
ping_none a1 10.0.0.3 10.0.0.4          # and knowing the MAC does not help
in_ns a1 ping -n -q -c 3 -i 0.05 -W 0.3 -b 10.0.0.255 >/dev/null 2>&1 || true
in_ns a1 ping -n -q -c 3 -i 0.05 -W 0.3 ff02::1%eth0 >/dev/null 2>&1 || true
stop_capture "$b1_capture"; stop_capture "$b2_capture"; stop_capture "$a2_capture"
expect_equal "frames of red in b1" "$(frames_in "$WORK/b1.pcap")" 0
expect_equal "frames of red in b2" "$(frames_in "$WORK/b2.pcap")" 0
expect "a2, in red, saw them all" "$(frames_in "$WORK/a2.pcap") >= 12"

step "the only endpoint of a network has never received a frame"
expect_equal "frames received by l" "$(link l eth0 .stats64.rx.packets)" 0
expect_equal "frames sent to l" "$(port l tx_packets)" 0

step "isolated ports reach the one that is not, and not each other"
ping_all c1 10.0.0.8; ping_all c2 10.0.0.8; ping_all up 10.0.0.7; ping_all c1 fd00::8
before=$(drops isolated c1)
capture c2 eth0 "$WORK/c2.pcap" "ether src $(mac_of c1)"; c2_capture=$capture_pid
ping_none c1 10.0.0.7
ip -n c1 neigh replace 10.0.0.7 lladdr "$(mac_of c2)" dev eth0
ping_none c1 10.0.0.7
stop_capture "$c2_capture"
expect_equal "frames of c1 in c2" "$(frames_in "$WORK/c2.pcap")" 0
expect "drops of c1 for 'isolated'" "$(drops isolated c1) >= before + 3"

stop_uswitch main
