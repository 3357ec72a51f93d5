#!/bin/bash
# workers: 1 4
# A flood of MAC addresses hurts only its sender: the others' unicast stays theirs.
#
#   a (tap) --+-- network lan (table of 8192) --+-- b (veth)     a and b talk all the while
#             |                                 +-- watch (tap)  must see none of it
#             +-- flooder (tap): 20000 random source MACs, at most 1024 of them learned
#
# Proves BR-11 and the bound per port.
source "$(dirname "$0")/lib.sh"

start_uswitch main <<YAML
networks: {lan: {}}
ports:
  a:       {type: tap,  netns: a,       device: eth0, network: lan, address: [10.0.0.1/24]}
  b:       {type: veth, netns: b,       device: eth0, network: lan, address: [10.0.0.2/24]}
  watch:   {type: tap,  netns: watch,   device: eth0, network: lan, address: [10.0.0.3/24]}
  late:    {type: veth, netns: late,    device: eth0, network: lan, address: [10.0.0.4/24]}
  flooder: {type: tap,  netns: flooder, device: eth0, network: lan}
YAML
ping_all a 10.0.0.2
capture watch eth0 "$WORK/watch.pcap" \
  "not ether multicast and (ether src $(mac_of a) or ether src $(mac_of b))"

nsenter --net=/run/netns/a ping -n -q -i 0.005 -W 3 10.0.0.2 >"$WORK/long_ping.log" 2>&1 &
pinger=$!
step "20000 MACs"
frames flooder eth0 random_mac 20000
kill -INT $pinger
wait_until 5 "ping ends" has_ended $pinger

step "the bound of the port holds, and what was not learned is counted"
learned=$(show fdb | jq '[.fdb[] | select(.port == "flooder")] | length')
expect "MACs learned of the flooder" "$learned > 900 && $learned <= 1024"
expect "frames of the flooder not learned" "$(port flooder not_learned) >= 20000 - 1024"

step "the others keep what they had, and a newcomer finds room"
expect_answered "ping during the flood" "$WORK/long_ping.log"
ping_all late 10.0.0.1
expect_equal "MACs of late" "$(show fdb | jq '[.fdb[] | select(.port == "late")] | length')" 1
stop_capture "$capture_pid"
expect_equal "unicast of a and b that watch saw" "$(frames_in "$WORK/watch.pcap")" 0

stop_uswitch main
