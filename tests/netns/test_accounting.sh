#!/bin/bash
# workers: 1 2 4
# After a mixed run of everything that is forwarded, flooded, cut, tagged or dropped, each packet is
# accounted for: over all ports rx + copies = tx + drops, and every view tells the same.
#
#   a (tap) --+                      +-- b (veth)
#   c (tap, guard off, isolated) ----+-- network lan --- w1 (raw trunk, VLAN 10) === w2, where nobody listens
#   e (veth, isolated) --------------+
#
# Proves TR-16 (sum(in) = sum(out) + sum(drops)) on real devices.
source "$(dirname "$0")/lib.sh"

ip link add w1 type veth peer name w2
ip link set w1 up; ip link set w2 up
start_uswitch main <<YAML
networks: {lan: {}}
ports:
  a: {type: tap,  netns: a, device: eth0, network: lan, address: [10.0.0.1/24, fd00::1/64]}
  b: {type: veth, netns: b, device: eth0, network: lan, address: [10.0.0.2/24, fd00::2/64]}
  c: {type: tap,  netns: c, device: eth0, network: lan, address: [10.0.0.3/24, fd00::3/64], guard: off, isolated: true}
  e: {type: veth, netns: e, device: eth0, network: lan, address: [10.0.0.4/24, fd00::4/64], isolated: true}
  w: {type: raw, device: w1, tagged: {10: lan}}
YAML
iperf_server b
iperf_server c

step "everything at once"
background() { "$@" >/dev/null 2>&1 & pids+=($!); }
background in_ns a iperf3 -c 10.0.0.2 -t 2
background in_ns b iperf3 -c fd00::3 -u -b 200M -l 8000 -t 2
background in_ns c ping -n -q -f -c 1000 10.0.0.1
background in_ns e ping -n -q -i 0.01 -c 100 -W 0.3 -b 10.0.0.255
background frames a eth0 foreign_mac 500
background frames c eth0 random_mac 5000
background frames b eth0 arp 300
background python3 "$HERE/frames.py" w2 vlan_foreign 200
background python3 "$HERE/frames.py" w2 vlan_reserved 200
background python3 "$HERE/frames.py" w2 broadcast 200
for pid in "${pids[@]}"; do wait "$pid" || true; done
ping_all c 10.0.0.1
ip -n e neigh replace 10.0.0.3 lladdr "$(mac_of c)" dev eth0
ping_none e 10.0.0.3

step "the sums"
wait_until 5 "rx + copies = tx + drops" is_balanced main
# A stray frame of a kernel's own, between two questions, would be in one answer only.
counted() { show ports | jq -c '[.ports[] | .rx_packets, .drops]'; }
consistent() {
  local before
  before=$(counted)
  ports=$(show ports) drops=$(show drops) workers=$(show workers)
  [[ $before == "$(counted)" ]]
}
wait_until 5 "nothing moves while the questions are asked" consistent
jq -r '[.ports[] | {rx: .rx_packets, copies, tx: .tx_packets, drops}] |
  "rx \(map(.rx) | add) + copies \(map(.copies) | add) = tx \(map(.tx) | add) + drops \(map(.drops) | add)"' <<<"$ports"
total=$(jq .total <<<"$drops")
expect_equal "drops by port and in all" "$(jq '[.ports[].drops] | add' <<<"$ports")" "$total"
expect_equal "drops by reason and in all" "$(jq '[.drops[].packets] | add' <<<"$drops")" "$total"
expect_equal "drops by worker and in all" "$(jq '[.drops[].workers[]] | add' <<<"$drops")" "$total"
expect_equal "drops by reason and port, and in all" "$(jq '[.drops[].ports[]] | add' <<<"$drops")" "$total"
expect_equal "packets by worker and by port" \
  "$(jq '[.workers[].packets] | add' <<<"$workers")" "$(jq '[.ports[].rx_packets] | add' <<<"$ports")"
for reason in guard_mac:a guard_arp:b vlan_not_member:w vlan_invalid:w vlan_untagged:w isolated:e; do
  expect "drops for ${reason%:*} of ${reason#*:}" "$(drops "${reason%:*}" "${reason#*:}") > 0"
done
expect "copies" "$(jq '[.ports[].copies] | add' <<<"$ports") > 1000"

stop_uswitch main
