#!/bin/bash
# workers: 1 2
# Remotes and tunnels come and go by reload while others carry traffic.
#
#   web 10.0.0.1 -- n1 192.0.2.1 --+
#   db  10.0.0.2 -- n2 192.0.2.2 --+ wire       n3 is a remote of n1 only after a reload
#   app 10.0.0.3 -- n3 192.0.2.3 --+
#
# Proves that what stays loses nothing, that a new remote works at once, and that one that is taken out is heard no more.
source "$(dirname "$0")/lib.sh"
source "$HERE/nodes.sh"

for i in 1 2 3; do node n$i $i; done
of_node() {  # NUMBER NAME REMOTES [MORE TUNNELS]
  echo "networks: {office: {}, lab: {}}"
  echo "ports: {$2: {type: tap, netns: $2, device: eth0, network: office, address: [10.0.0.$1/24]}}"
  echo "tunnels:"
  echo "  mesh: {type: vxlan, network: office, vni: 42, local: 192.0.2.$1, remotes: [$3]}"
  [[ $# -lt 4 ]] || echo "  $4"
}
start_node n1 <<<"$(of_node 1 web 192.0.2.2)"
start_node n2 <<<"$(of_node 2 db '192.0.2.1, 192.0.2.3')"
start_node n3 <<<"$(of_node 3 app '192.0.2.1, 192.0.2.2')"
reload() {  # <YAML: of n1
  write_config n1
  "$USWITCH" reload --control /run/n1.sock >"$WORK/reload.log" 2>&1 || fail "reload: $(cat "$WORK/reload.log")"
}

step "before: n3 is a stranger to n1"
ping_all web 10.0.0.2
ping_none web 10.0.0.3
nsenter --net=/run/netns/web ping -n -q -i 0.005 -W 3 10.0.0.2 >"$WORK/long_ping.log" 2>&1 &
pinging=$!

step "twenty reloads: a remote, and a tunnel of another type and network, come and go"
other="plain: {type: udp, network: lab, local: 192.0.2.1, remotes: [192.0.2.2]}"
for _ in {1..20}; do
  reload <<<"$(of_node 1 web '192.0.2.2, 192.0.2.3' "$other")"
  ping_all web 10.0.0.3 2
  expect_equal "remotes" "$(show tunnels n1 | jq -r '[.tunnels[].remote] | sort | join(" ")')" "192.0.2.2 192.0.2.2 192.0.2.3"
  reload <<<"$(of_node 1 web '192.0.2.2')"
  expect_equal "remotes" "$(show tunnels n1 | jq -r '[.tunnels[].remote] | join(" ")')" "192.0.2.2"
done
ping_none web 10.0.0.3
expect "what a stranger sent" "$(drops tunnel_unknown_remote "" n1) > 0"

step "who stayed lost nothing"
kill -INT $pinging
wait $pinging || true
expect_answered "the ping that ran all the time" "$WORK/long_ping.log"
for n in n1 n2 n3; do stop_uswitch $n; done
