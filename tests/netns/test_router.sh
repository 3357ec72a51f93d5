#!/bin/bash
# workers: 1 2
# Three networks and one gateway (scenario 3): everybody reaches everybody, super-segments pass whole, and what
# does not arrive is answered as a Linux router would.
#
#   web   .11 (tap) --+                    ,--------------.
#                     +== office ==== .1 --|              |-- .1 ==== cell ==+-- arm  .41 (tap)
#   db    .21 (veth)--+   10.0.0.0/24      |    router    |    10.2.0.0/24
#                         fd00:a::/64      |              |    fd00:c::/64
#   robot .31 (veth)--+== lab ======= .1 --'--------------'
#   crane .32 (tap) --+   10.1.0.0/24, fd00:b::/64
#
# Proves R4-3, R4-5, R4-11, R4-13, R6-1, IC-3, IC-5, I6-1, I6-4, ARP-10, ND-4, FR-1..3 (echo of 64 KiB), and who reaches
# whom (policy, isolated, outside).
source "$(dirname "$0")/lib.sh"
for tool in traceroute tracepath; do command -v $tool >/dev/null || skip "there is no $tool (see scripts/packages-test)"; done

ports() {  # ROBOT'S OPTIONS: the ports of every configuration here
  cat <<YAML
ports:
  web:   {type: tap,  netns: web,   device: eth0, network: office, address: [10.0.0.11/24, fd00:a::11/64], routes: default}
  db:    {type: veth, netns: db,    device: eth0, network: office, address: [10.0.0.21/24, fd00:a::21/64], routes: default}
  robot: {type: veth, netns: robot, device: eth0, network: lab,    address: [10.1.0.31/24, fd00:b::31/64], routes: default}
  crane: {type: tap,  netns: crane, device: eth0, network: lab,    address: [10.1.0.32/24, fd00:b::32/64], routes: default}
  arm:   {type: tap,  netns: arm,   device: eth0, network: cell,   address: [10.2.0.41/24, fd00:c::41/64], routes: default}
YAML
}
declare -A addresses=([web]="10.0.0.11 fd00:a::11" [db]="10.0.0.21 fd00:a::21" [robot]="10.1.0.31 fd00:b::31"
  [crane]="10.1.0.32 fd00:b::32" [arm]="10.2.0.41 fd00:c::41")

start_uswitch main <<YAML
networks:
  office: {router: [10.0.0.1/24, fd00:a::1/64]}
  lab:    {router: [10.1.0.1/24, fd00:b::1/64]}
  cell:   {router: [10.2.0.1/24, fd00:c::1/64]}
routes:
  - {to: 10.66.0.0/16, type: blackhole}
  - {to: 10.67.0.0/16, type: unreachable}
  - {to: 10.68.0.0/16, type: prohibit}
  - {to: fd66::/16, type: blackhole}
  - {to: fd67::/16, type: unreachable}
  - {to: fd68::/16, type: prohibit}
$(ports)
YAML

step "all pairs, and the gateway's addresses on every network"
for from in "${!addresses[@]}"; do
  for to in "${!addresses[@]}"; do
    for address in ${addresses[$to]}; do ping_all "$from" "$address" 2; done
  done
  for address in 10.0.0.1 10.1.0.1 10.2.0.1 fd00:a::1 fd00:b::1 fd00:c::1; do ping_all "$from" $address 2; done
done

step "between networks one hop fewer is left, within one none is lost"
expect_equal "TTL across" "$(in_ns web ping -n -c 1 10.1.0.31 | grep -o 'ttl=[0-9]*')" ttl=63
expect_equal "hop limit across" "$(in_ns web ping -n -c 1 fd00:c::41 | grep -o 'ttl=[0-9]*')" ttl=63
expect_equal "TTL within" "$(in_ns web ping -n -c 1 10.0.0.21 | grep -o 'ttl=[0-9]*')" ttl=64

whole_segments() {  # CLIENT SERVER ADDRESS: TCP reaches the server in super-segments
  local bytes packets
  bytes=$(port "$2" tx_bytes) packets=$(port "$2" tx_packets)
  iperf "$1" "$3" -n 20M >/dev/null
  bytes=$(($(port "$2" tx_bytes) - bytes)) packets=$(($(port "$2" tx_packets) - packets))
  expect "bytes of TCP $1 -> $3" "$bytes > 10 << 20"
  expect "bytes a packet of TCP $1 -> $3" "$bytes / $packets > 3000"
}
for ns in robot arm; do iperf_server $ns; done
for pair in "web robot" "db robot" "web arm" "crane arm"; do
  read -r client server <<<"$pair"
  step "TCP and UDP $client -> $server"
  for address in ${addresses[$server]}; do
    same_bytes "$client" "$server" "$address"
    whole_segments "$client" "$server" "$address"
    udp "$client" "$server" "$address" -b 60M -n 1M -l 1400
    udp "$client" "$server" "$address" -b 60M -n 1M -l 8000  # in fragments
    ping_all "$client" "$address" 2 -s 20000
  done
done

step "the gateway answers an echo of the greatest size (R4-11)"
for ns in web robot; do
  ping_all $ns 10.0.0.1 3 -s 65507
  ping_all $ns fd00:a::1 3 -s 65487
done

# The first answer of each hop: endpoints answer no more than one probe a second for long.
hops() { awk '/^ *[0-9]+ / {for (i = 2; i <= NF; ++i) if ($i ~ /[.:].*[.:]/) {print $i; break}}' | xargs; }
step "traceroute and tracepath name the gateway on the near side"
expect_equal traceroute "$(in_ns db traceroute -n 10.1.0.31 | hops)" "10.0.0.1 10.1.0.31"
expect_equal "traceroute of the gateway" "$(in_ns db traceroute -n 10.1.0.1 | hops)" "10.1.0.1"
expect_equal "traceroute -6" "$(in_ns db traceroute -6 -n fd00:b::31 | hops)" "fd00:a::1 fd00:b::31"
expect_equal "traceroute -I" "$(in_ns arm traceroute -I -n 10.1.0.31 | hops)" "10.2.0.1 10.1.0.31"
in_ns crane tracepath -n 10.2.0.41 >"$WORK/tracepath.log"
expect_text tracepath "$WORK/tracepath.log" '^ 1: +10\.1\.0\.1 '
expect_text tracepath "$WORK/tracepath.log" 'pmtu 1500 hops 2 back 2'
in_ns crane tracepath -6 -n fd00:c::41 >"$WORK/tracepath6.log"
expect_text "tracepath -6" "$WORK/tracepath6.log" '^ 1: +fd00:b::1 '
expect_text "tracepath -6" "$WORK/tracepath6.log" 'pmtu 1500 hops 2 back 2'

told() {  # NAMESPACE ADDRESS GATEWAY WHAT [OPTIONS...]: ping says that
  in_ns "$1" ping -n -c 1 -W 5 "${@:5}" "$2" >"$WORK/told.log" 2>&1 || true
  expect_text "ping $2" "$WORK/told.log" "^From $3 icmp_seq=1 $4"
}
step "what cannot go on is answered, by the gateway's address on the side of who asked"
told web 10.1.0.31 10.0.0.1 "Time to live exceeded" -t 1
told robot fd00:a::11 fd00:b::1 "Time exceeded: Hop limit" -t 1
told web 172.16.0.1 10.0.0.1 "Destination Net Unreachable"
told robot fd99::1 fd00:b::1 "Destination unreachable: No route"
told web 10.67.0.1 10.0.0.1 "Destination Host Unreachable"
told web fd67::1 fd00:a::1 "Destination unreachable: No route"
told web 10.68.0.1 10.0.0.1 "Packet filtered"
told web fd68::1 fd00:a::1 "Destination unreachable: Administratively prohibited"
ping_none web 10.66.0.1 fd66::1
for address in 10.66.0.1 fd66::1; do expect_equal "received from $address" "$(grep -c From "$WORK/ping_$address.log" || true)" 0; done
expect_equal "blackholed" "$(drops route_blackhole web)" 6

step "a silent neighbour: unreachable after three seconds (ARP-10, ND-4)"
silent() {  # ADDRESS GATEWAY WHAT
  local start=${EPOCHREALTIME/./}
  in_ns arm ping -n -c 1 -W 8 "$1" >"$WORK/silent_$2.log" 2>&1 || true
  expect_text "ping $1" "$WORK/silent_$2.log" "^From $2 icmp_seq=1 $3"
  expect "time until $1 is given up" "${EPOCHREALTIME/./} - $start > 2500000"
}
silent 10.1.0.99 10.2.0.1 "Destination Host Unreachable" & first=$!
silent fd00:b::99 fd00:c::1 "Destination unreachable: Address unreachable" & second=$!
wait $first && wait $second
expect_equal "neighbours that did not answer" \
  "$(show neighbours | jq -r '[.neighbours[] | select(.state == "failed") | "\(.network) \(.address) \(.mac)"] | sort | join(", ")')" \
  "lab 10.1.0.99 null, lab fd00:b::99 null"

step "the gateway has no services: port unreachable and reset, at once (R4-13)"
refused() {  # NAMESPACE ADDRESS: of TCP and of UDP
  in_ns "$1" python3 - "$2" <<'PYTHON'
import socket, sys
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, kind) as s:
        s.settimeout(5)
        try:
            s.connect((sys.argv[1], 80))
            s.send(b"anybody?")
            s.recv(100)
        except ConnectionRefusedError:
            continue
        sys.exit(f"{kind} was not refused")
PYTHON
}
for address in 10.0.0.1 10.2.0.1 fd00:a::1 fd00:c::1; do refused robot $address; done
expect_equal "UDP and TCP to the gateway counted" "$(drops no_listener robot)" 8

step "show routes and neighbours"
expect_equal "connected routes" "$(show routes | jq -r '[.routes[] | select(.origin == "connected") | "\(.to) \(.via[0].network)"] | sort | join(", ")')" \
  "10.0.0.0/24 office, 10.1.0.0/24 lab, 10.2.0.0/24 cell, fd00:a::/64 office, fd00:b::/64 lab, fd00:c::/64 cell"
for ns in "${!addresses[@]}"; do
  for address in ${addresses[$ns]}; do
    expect_equal "MAC of $address" "$(show neighbours | jq -r ".neighbours[] | select(.address == \"$address\") | .mac")" "$(mac_of "$ns")"
  done
done
"$USWITCH" show routes --control /run/main.sock >"$WORK/routes.log"
expect_text "show routes" "$WORK/routes.log" '^10\.66\.0\.0/16 +blackhole +configured$'
"$USWITCH" show neighbours --control /run/main.sock >"$WORK/neighbours.log"
expect_text "show neighbours" "$WORK/neighbours.log" "^lab +10\.1\.0\.31 +$(mac_of robot) +(reachable|stale) +[0-9]+ s$"
stop_uswitch main

prohibited() {  # NAMESPACE ADDRESS...: the router says so, and nothing arrives
  local address
  for address in "${@:2}"; do told "$1" "$address" '[0-9a-f.:]+' "(Packet filtered|Destination unreachable: Administratively prohibited)"; done
}
step "policy closed: networks reach the outside, not each other; networks within stay as they are"
start_uswitch main <<YAML
policy: closed
networks:
  office: {router: [10.0.0.1/24, fd00:a::1/64]}
  lab:    {router: [10.1.0.1/24, fd00:b::1/64]}
  cell:   {router: [10.2.0.1/24, fd00:c::1/64], outside: true}
$(ports)
YAML
prohibited web 10.1.0.31 fd00:b::32
prohibited robot 10.0.0.21 fd00:a::11
for address in 10.0.0.21 fd00:a::21 10.2.0.41 fd00:c::41; do ping_all web $address 2; done
for address in 10.1.0.32 10.2.0.41 fd00:c::41; do ping_all robot $address 2; done
for address in 10.0.0.11 fd00:a::21 10.1.0.31 fd00:b::32; do ping_all arm $address 2; done
expect_equal "counted" "$(drops network_isolated)" 4
stop_uswitch main

step "an isolated network reaches the gateway and the outside only; its ports do not reach each other"
start_uswitch main <<YAML
networks:
  office: {router: [10.0.0.1/24, fd00:a::1/64]}
  lab:    {router: [10.1.0.1/24, fd00:b::1/64], isolated: true}
  cell:   {router: [10.2.0.1/24, fd00:c::1/64], outside: true}
$(ports)
YAML
prohibited robot 10.0.0.11 fd00:a::21
prohibited web 10.1.0.31 fd00:b::32
ping_none robot 10.1.0.32 fd00:b::32
for address in 10.1.0.1 fd00:b::1 10.2.0.41 fd00:c::41; do ping_all robot $address 2; done
for address in 10.1.0.31 fd00:b::32 10.0.0.11; do ping_all arm $address 2; done
for address in 10.0.0.21 10.2.0.41; do ping_all web $address 2; done
stop_uswitch main
