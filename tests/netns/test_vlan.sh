#!/bin/bash
# workers: 1 2 4
# Two VLANs and an untagged network over one raw trunk between two switches.
#
#   r1 (tap)  -- red   --+                                              +-- red   -- r2 (veth)
#   b1 (veth) -- blue  --+-- uswitch one -- w1 ===== w2 -- uswitch two --+-- blue  -- b2 (tap)
#   p1 (tap)  -- plain --+         (a veth pair is the wire)             +-- plain -- p2 (tap)
#
# On the wire red is VLAN 10, blue VLAN 20, plain untagged. All networks use the same addresses.
# Proves VL-1, VL-2, VL-3, VL-4 and VH-9 (offloads cross the tag), AP-2 (stripped tags come back), BR-6.
source "$(dirname "$0")/lib.sh"

ip link add w1 type veth peer name w2
for end in w1 w2; do sysctl -qw net.ipv6.conf.$end.disable_ipv6=1; ip link set $end up; done

start_uswitch one <<YAML
networks: {red: {}, blue: {}, plain: {}}
ports:
  r1: {type: tap,  netns: r1, device: eth0, network: red,   address: [10.0.0.1/24, fd00::1/64]}
  b1: {type: veth, netns: b1, device: eth0, network: blue,  address: [10.0.0.1/24, fd00::1/64]}
  p1: {type: tap,  netns: p1, device: eth0, network: plain, address: [10.0.0.1/24, fd00::1/64], guard: off}
  trunk: {type: raw, device: w1, network: plain, tagged: {10: red, 20: blue}}
YAML
start_uswitch two <<YAML
networks: {red: {}, blue: {}, plain: {}}
ports:
  r2: {type: veth, netns: r2, device: eth0, network: red,   address: [10.0.0.2/24, fd00::2/64]}
  b2: {type: tap,  netns: b2, device: eth0, network: blue,  address: [10.0.0.2/24, fd00::2/64]}
  p2: {type: tap,  netns: p2, device: eth0, network: plain, address: [10.0.0.2/24, fd00::2/64]}
  trunk: {type: raw, device: w2, network: plain, tagged: {10: red, 20: blue}}
YAML
for ns in r2 b2 p2; do iperf_server $ns; done
tcpdump --immediate-mode -i w2 -s 128 -U -w "$WORK/wire.pcap" icmp or arp or vlan 2>"$WORK/wire.log" &
wire=$!
wait_until 5 "tcpdump on the wire" grep -q "listening on" "$WORK/wire.log"
for ns in r2 b2 p2; do
  others=$(for from in r1 b1 p1; do [[ ${from:0:1} == "${ns:0:1}" ]] || echo "ether src $(mac_of $from) or"; done | xargs)
  capture $ns eth0 "$WORK/leak_$ns.pcap" "${others% or}"
  leak_captures+=("$capture_pid")
done

for name in r b p; do
  step "network of ${name}1 and ${name}2"
  ping_all ${name}1 10.0.0.2
  ping_all ${name}2 fd00::1
  ping_all ${name}1 10.0.0.2 3 -M do -s 1472                         # the tag is not part of the MTU (VL-5)
  in_ns ${name}1 ping -n -q -c 2 -i 0.05 -W 0.3 -b 10.0.0.255 >/dev/null 2>&1 || true
  same_bytes ${name}1 ${name}2 10.0.0.2
  same_bytes ${name}2 ${name}1 fd00::1
  bytes=$(port trunk rx_bytes two) packets=$(port trunk rx_packets two)
  iperf ${name}1 10.0.0.2 -n 20M >/dev/null
  bytes=$(($(port trunk rx_bytes two) - bytes)) packets=$(($(port trunk rx_packets two) - packets))
  expect "bytes a packet on the wire" "$bytes / $packets > 3000"
  udp ${name}1 ${name}2 fd00::2 -b 60M -n 1M -l 8000
done

step "each network has its tag on the wire, and nothing crosses over"
stop_capture $wire
for expectation in "r1 vlan 10" "b1 vlan 20" "p1 not vlan"; do
  read -r ns tag <<<"$expectation"
  all=$(frames_in "$WORK/wire.pcap" "ether src $(mac_of "$ns")")
  right=$(frames_in "$WORK/wire.pcap" "$tag and ether src $(mac_of "$ns")")
  expect "frames of $ns on the wire with '$tag'" "$right > 10 && $right == $all"
done
for pid in "${leak_captures[@]}"; do stop_capture "$pid"; done
for ns in r2 b2 p2; do expect_equal "foreign frames in $ns" "$(frames_in "$WORK/leak_$ns.pcap")" 0; done

step "VLAN 0 is the untagged network, with its tag gone; VLAN 4095 and foreign ones are dropped and counted"
capture p1 eth0 "$WORK/priority.pcap" "ether dst 02:aa:aa:aa:aa:aa"
python3 "$HERE/frames.py" w2 priority_tag 5
all_came() { (($(frames_in "$WORK/priority.pcap") >= 5)); }
wait_until 3 "priority-tagged frames arrive" all_came
stop_capture "$capture_pid"
expect_equal "untagged frames in p1" "$(frames_in "$WORK/priority.pcap" ether proto 0x88b5)" 5
python3 "$HERE/frames.py" w2 vlan_reserved 5
python3 "$HERE/frames.py" w2 vlan_foreign 5
wait_until 3 "drops for VLAN 4095" eval '(($(drops vlan_invalid trunk one) == 5))'
wait_until 3 "drops for VLAN 30" eval '(($(drops vlan_not_member trunk one) == 5))'

stop_uswitch one
stop_uswitch two
