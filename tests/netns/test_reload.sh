#!/bin/bash
# A hundred reloads that change everything around it, and the traffic of what stays does not notice.
#
#   a (tap) ----+-- office 10.0.0.1/24 --+-- b (veth)         a sends b 1000 numbered datagrams a second
#               |                        |
#               +-- router and NAT ------+
#                        |
#                  outside 198.51.100.1/24 -- raw port -- server 198.51.100.2: a's iperf3 and a stream of datagrams
#
# What comes and goes meanwhile: ports, networks, routes, masquerades, published ports.
source "$(dirname "$0")/lib.sh"

ip netns add server
ip link add wan0 type veth peer name eth0 netns server
ip link set wan0 up
ip -n server address add 198.51.100.2/24 dev eth0
ip -n server link set eth0 up

# The configuration without and with what comes and goes.
config() {  # NETWORKS PORTS ROUTES MASQUERADE PUBLISH
  cat <<YAML
networks:
  $1
  office:  {router: 10.0.0.1/24}
  outside: {router: 198.51.100.1/24}
ports:
  $2
  a:   {type: tap,  netns: a, device: eth0, network: office, address: [10.0.0.11/24], routes: default}
  b:   {type: veth, netns: b, device: eth0, network: office, address: [10.0.0.21/24], routes: default}
  wan: {type: raw,  device: wan0, network: outside}
routes:
  - {to: 10.99.0.0/16, via: 10.0.0.99}
  $3
nat:
  masquerade:
    $4
    - {from: 10.0.0.0/24, out: outside}
  publish:
    - {on: outside, port: 8080, to: "10.0.0.21:80"}
    $5
YAML
}
other_network='extra: {router: 10.5.0.1/24, ageing: 30s}'
variant() {  # NUMBER
  case $(($1 % 5)) in
    0) config "" "" "" "" "" ;;
    1) config "$other_network" "" "- {to: 10.98.0.0/16, via: 10.5.0.9}" "- {from: 10.5.0.0/24, out: outside, to: 198.51.100.7}" "" ;;
    2) config "$other_network" "x: {type: tap, netns: extra, device: eth$1, network: extra, address: [10.5.0.11/24], routes: default}" \
         "" "" "- {on: outside, port: 9000-9009, proto: [tcp, udp], to: \"10.5.0.11:9000\"}" ;;
    3) config "other: {}" "y: {type: veth, netns: extra, device: veth$1, network: other, isolated: true}" \
         "- {to: 10.97.0.0/16, type: blackhole}" "" "" ;;
    4) config "z: {}" "" "- {to: 10.97.0.0/16, type: prohibit}" "- {from: 10.0.0.0/30, out: outside, to: 198.51.100.8}" \
         "- {on: outside, port: 9000, to: \"10.0.0.21:90\"}" ;;
  esac
}
reload() { timeout 20 "$USWITCH" reload --control /run/main.sock >"$WORK/reload.out" 2>"$WORK/reload.err"; }

start_uswitch main < <(variant 0)
ip netns add extra
mac_before=$(mac_of a)

step "streams begin"
for ns in b server; do
  nsenter "--net=/run/netns/$ns" python3 "$HERE/stream.py" receive 7000 >"$WORK/received_$ns" &
  declare "receiver_$ns=$!"
done
bound() { in_ns "$1" ss -Hlun "sport = :7000" | grep -q .; }
for ns in b server; do wait_until 5 "a receiver in $ns" bound $ns; done
ping_all a 10.0.0.21 2
ping_all a 198.51.100.2 2
nsenter --net=/run/netns/a python3 "$HERE/stream.py" send 10.0.0.21 7000 1000 >"$WORK/sent_b" & sender_b=$!
nsenter --net=/run/netns/a python3 "$HERE/stream.py" send 198.51.100.2 7000 1000 >"$WORK/sent_server" & sender_server=$!
iperf_server server
nsenter --net=/run/netns/a iperf3 --json -t 60 -b 200M -c 198.51.100.2 >"$WORK/iperf.log" 2>&1 & client=$!
connected() { (($(in_ns server ss -Htn state established "sport = :5201" | wc -l) >= 2)); }
wait_until 5 "iperf3 is connected" connected

step "a hundred reloads"
for i in {1..100}; do
  variant "$i" | write_config main
  reload || fail "reload $i: $(cat "$WORK/reload.err")"
done

step "nothing was lost, reset, or came twice"
! has_ended $client || fail "iperf3 ended: $(tail -n 5 "$WORK/iperf.log")"
connected || fail "the connections of iperf3 are gone"
kill -INT $client
wait_until 5 "iperf3 ends" has_ended $client
expect_text "iperf3" "$WORK/iperf.log" 'interrupt - the client has terminated'
kill -TERM $sender_b $sender_server
wait $sender_b $sender_server
all_there() { [[ $(in_ns "$1" ss -Hlun "sport = :7000" | awk '{print $2}') == 0 ]]; }
for ns in b server; do
  wait_until 5 "the receiver in $ns has read all" all_there $ns
  receiver=receiver_$ns
  kill -TERM "${!receiver}"
  wait "${!receiver}"
  sent=$(cat "$WORK/sent_$ns")
  expect "datagrams sent to $ns" "$sent > 1000"
  expect_equal "received, lost, twice and out of order of those to $ns" "$(cat "$WORK/received_$ns")" "$sent 0 0 0"
done
expect_equal "MAC of a" "$(mac_of a)" "$mac_before"
expect_equal "warnings and errors" "$(grep -Ec 'warn|error' "$WORK/main.log")" 0
expect_equal "ports" "$(show ports | jq -r '[.ports[].name] | sort | join(" ")')" "(removed) (router) a b wan"

step "what went has left nothing behind"
expect_equal "devices in extra" "$(ip -n extra -o link | wc -l)" 1
expect_equal "networks" "$(show fdb | jq -r '[.networks[].name] | sort | join(" ")')" "office outside"
expect_equal "routes" "$(show routes | jq '[.routes[] | select(.to | startswith("10.9"))] | length')" 1
stop_uswitch main
