#!/bin/bash
# The MTU follows the way between the nodes: what a router there tells, and what the node's own device takes.
#
#   web, six, old --- n1 192.0.2.1 === middle === 198.51.100.2 n2 --- db, six2, old2
#                      2001:db8:1::1    MTU 1500, then 1400    2001:db8:2::2
#
#   office: VXLAN over IPv4, six: over IPv6; fixed: its MTU is written, and has a router on it that can answer
#
# Proves PM-5, PM-6, VX-5, VX-6 and TR-15.
source "$(dirname "$0")/lib.sh"
source "$HERE/nodes.sh"

for name in n1 middle n2; do bare_node $name; done
ip -n n1 link add eth0 type veth peer name to_n1 netns middle
ip -n n2 link add eth0 mtu 1400 type veth peer name to_n2 mtu 1400 netns middle
give n1 eth0 192.0.2.1/24 2001:db8:1::1/64
give n2 eth0 198.51.100.2/24 2001:db8:2::2/64
give middle to_n1 192.0.2.254/24 2001:db8:1::fe/64
give middle to_n2 198.51.100.254/24 2001:db8:2::fe/64
in_ns middle sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
ip -n n1 route add default via 192.0.2.254; ip -n n1 route add default via 2001:db8:1::fe
ip -n n2 route add default via 198.51.100.254; ip -n n2 route add default via 2001:db8:2::fe

nodes_config() {  # LOCAL-4 REMOTE-4 LOCAL-6 REMOTE-6 NUMBER ROUTER OFFICE-PORT SIX-PORT FIXED-PORT
  cat <<YAML
networks: {office: {}, six: {}, fixed: {mtu: 1450$6}}
tunnels:
  t4: {type: vxlan, network: office, vni: 4, local: $1, remotes: [$2]}
  t6: {type: vxlan, network: six, vni: 6, local: "$3", remotes: ["$4"]}
  tf: {type: vxlan, network: fixed, vni: 7, local: $1, remotes: [$2]}
ports:
  $7: {type: tap,  netns: $7, device: eth0, network: office, address: [10.0.0.$5/24]}
  $8: {type: veth, netns: $8, device: eth0, network: six, address: [10.0.0.$5/24, 'fd00::$5/64']}
  $9: {type: tap,  netns: $9, device: eth0, network: fixed, address: [10.7.0.$5/24]}
YAML
}
start_node n1 <<<"$(nodes_config 192.0.2.1 198.51.100.2 2001:db8:1::1 2001:db8:2::2 1 ', router: [10.7.0.254/24]' web six old)"
start_node n2 <<<"$(nodes_config 198.51.100.2 192.0.2.1 2001:db8:2::2 2001:db8:1::1 2 '' db six2 old2)"

step "what the node's own device takes"
expect "MTU of web, six, db" "$(link web eth0 .mtu) == 1450 && $(link six eth0 .mtu) == 1430 && $(link db eth0 .mtu) == 1350"
ping_all web 10.0.0.2; ping_all six fd00::2; ping_all old 10.7.0.2

step "what a router on the way tells (PM-6)"
in_ns web ping -n -q -c 1 -W 0.2 -M do -s 1422 10.0.0.2 >"$WORK/ping_long.log" 2>&1 || true
wait_until 5 "web follows" has_mtu web 1350
in_ns six ping -n -q -c 1 -W 0.2 -M do -s 1382 fd00::2 >"$WORK/ping_long6.log" 2>&1 || true
wait_until 5 "six follows" has_mtu six 1330
expect_equal "paths of t4, t6" "$(tunnel n1 t4 path_mtu) $(tunnel n1 t6 path_mtu)" "1400 1400"
ping_all web 10.0.0.2 3 -M do -s 1322
ping_all six fd00::2 3 -M do -s 1282
ping_all web 10.0.0.2 3 -s 8000

step "an MTU that is written is kept, once warned of, and who sends too long packets is told (PM-5)"
expect_equal "MTU of old" "$(link old eth0 .mtu)" 1450
expect_equal "warnings" "$(grep -c 'warn.*network fixed' "$WORK/n1.log")" 1
in_ns old ping -n -c 1 -W 1 -M do -s 1422 10.7.0.2 >"$WORK/ping_told.log" 2>&1 || true
expect_text "who is told, by whom" "$WORK/ping_told.log" "From 10.7.0.254 .*mtu ?= ?1350"
iperf_server old2
expect "bytes old to old2" "$(iperf old 10.7.0.2 -n 10M) > 5 << 20"

step "no outer fragment"
expect_equal "fragments" "$(for n in n1 n2 middle; do in_ns $n nstat -asz; done | awk '/(IpFragCreates|Ip6FragCreates|ReasmReqds)/ {n += $2} END {print n + 0}')" 0

step "the device changes, both ways"
ip -n n1 link set eth0 mtu 1300
wait_until 5 "web is at 1250" has_mtu web 1250
wait_until 5 "six is at 1230" has_mtu six 1230
ping_all web 10.0.0.2 3 -M do -s 1222
ip -n n1 link set eth0 mtu 1500
ip -n n1 route flush cache; ip -n n1 -6 route flush cache  # what was learned, and stays for ten minutes
wait_until 5 "web is at 1450 again" has_mtu web 1450

stop_uswitch n1
stop_uswitch n2
