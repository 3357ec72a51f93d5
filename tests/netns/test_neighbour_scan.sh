#!/bin/bash
# workers: 1 2
# A station asks for 4096 addresses that nobody has, in IPv4 and in IPv6, while others talk on: they lose nothing, the
# table of neighbours keeps to its bounds, and afterwards everything is as before.
#
#   scanner (tap) --+== lab ====== router ====== office, a /16 ==+-- web (tap)
#   robot   (veth) -+   10.1.0.0/24              10.0.0.0/16     +-- db  (veth)
#                       fd00:b::/64              fd00:a::/64
#
# Proves ARP-10, ND-4, TR-14 (bounded queue under a scan of a /16), TR-18 (errors are limited), BM-7 (a flood of unresolved
# targets does not hurt resolved ones).
source "$(dirname "$0")/lib.sh"

start_uswitch main <<YAML
max_neighbours: 1k
networks:
  office: {router: [10.0.0.1/16, 'fd00:a::1/64']}
  lab:    {router: [10.1.0.1/24, 'fd00:b::1/64']}
ports:
  web:     {type: tap,  netns: web,     device: eth0, network: office, address: [10.0.0.11/16, 'fd00:a::11/64'], routes: default}
  db:      {type: veth, netns: db,      device: eth0, network: office, address: [10.0.0.21/16, 'fd00:a::21/64'], routes: default}
  robot:   {type: veth, netns: robot,   device: eth0, network: lab,    address: [10.1.0.31/24, 'fd00:b::31/64'], routes: default}
  scanner: {type: tap,  netns: scanner, device: eth0, network: lab,    address: [10.1.0.66/24, 'fd00:b::66/64'], routes: default}
YAML
iperf_server web

scan() {  # FORMAT: three datagrams to each of 4096 addresses
  in_ns scanner python3 - "$1" <<'PYTHON'
import socket, sys, time
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as s:
    for _ in range(3):
        for i in range(4096):
            try:
                s.sendto(b"anybody?", (sys.argv[1].format(1 + i // 250, 1 + i % 250), 9))
            except OSError:
                pass  # an ICMP error about an earlier one
            if i % 100 == 99:
                time.sleep(0.01)
PYTHON
}
neighbours() { show neighbours | jq "$1"; }
talk() {  # ADDRESS OF web: ping and TCP from robot while the scanner scans
  in_ns robot ping -n -q -i 0.01 -c 300 "$1" >"$WORK/talk.log" 2>&1 & local ping=$!
  iperf robot "$1" -n 100M >/dev/null
  wait $ping || true
  expect_text "pings from robot to $1 meanwhile" "$WORK/talk.log" ' 300 received, 0% packet loss'
}

for pair in "10.0.0.11 10.0.{}.{}" "fd00:a::11 fd00:a::{:x}:{:x}"; do
  read -r web silent <<<"$pair"
  step "scan of $silent"
  ping_all robot "$web"
  before=$(drops neighbour_failed robot)
  scan "$silent" & scan=$!
  sleep 0.3
  talk "$web"
  expect "entries, of 1024" "$(neighbours .entries) <= 1024"
  expect "unresolved ones" "$(neighbours '[.neighbours[] | select(.state == "incomplete" or .state == "failed")] | length') > 100"
  wait $scan || fail "the scan"
  expect_equal "packets of robot lost to it" "$(drops neighbour_failed robot) $(drops neighbour_busy robot)" "$before 0"
  ping_all robot "$web"; ping_all scanner "$web"
  expect_equal "who talks is still known" "$(neighbours "[.neighbours[] | select(.address == \"$web\")] | length")" 1
done

step "every packet of the scan is accounted for, few were answered, and the table empties"
lost() { echo $(($(drops neighbour_failed scanner) + $(drops neighbour_busy scanner))); }
all_lost() { (($(lost) == 2 * 3 * 4096)); }
few_left() { (($(neighbours .entries) < 50)); }
wait_until 10 "all of them are given up" all_lost
wait_until 12 "failed ones are forgotten" few_left
expect "sent to the scanner" "$(port scanner tx_packets) < 1000"
for ns in robot scanner; do for address in 10.0.0.21 fd00:a::21; do ping_all $ns $address; done; done
stop_uswitch main
