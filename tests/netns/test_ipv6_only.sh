#!/bin/bash
# workers: 1 2
# Networks of IPv6 only. Stations that nobody gave an address make one of the router's advertisements, and reach each
# other through it; at the end the router takes itself back.
#
#   old  (veth that existed before) -- raw --+                            +-- c (tap, guarded)
#   b    (veth, guarded) --------------------+== six ==(router)== seven ==+
#   four (tap, an IPv4 address, guarded) ----+                            +-- d (veth)
#                                 fd00:6::1/64         fd00:7::1/64
#
# Proves ND-7 (advertisements, also the last), ND-2, ND-8 and ND-10 (detection of duplicates), I6-4; the guard on what
# stations made of advertisements.
source "$(dirname "$0")/lib.sh"

ip netns add old
ip link add old0 type veth peer name eth0 netns old
ip link set old0 up
in_ns old ethtool -K eth0 tx off >/dev/null 2>&1
ip -n old link set lo up
ip -n old link set eth0 up
capture old eth0 "$WORK/old.pcap" icmp6
old_capture=$capture_pid

start_uswitch main <<YAML
networks:
  six:   {router: 'fd00:6::1/64'}
  seven: {router: 'fd00:7::1/64', mtu: 1400}
ports:
  wire: {type: raw,  device: old0, network: six}
  b:    {type: veth, netns: b,    device: eth0, network: six,   guard: on}
  four: {type: tap,  netns: four, device: eth0, network: six,   address: [10.0.0.4/24]}
  c:    {type: tap,  netns: c,    device: eth0, network: seven, guard: on}
  d:    {type: veth, netns: d,    device: eth0, network: seven}
YAML

declare -A prefix=([old]=fd00:6: [b]=fd00:6: [four]=fd00:6: [c]=fd00:7: [d]=fd00:7:) address=()
usable() {  # NAMESPACE: its address from the advertisement, past the detection of duplicates
  ip -n "$1" -6 -json address show dev eth0 scope global -tentative | jq -r '[.[].addr_info[]?.local // empty][0] // ""'
}
has_address() { [[ $(usable "$1") == "${prefix[$1]}"* ]]; }
gateway() { ip -n "$1" -6 -json route show default | jq -r '.[0].gateway // ""'; }
has_gateway() { [[ $(gateway "$1") == fe80:* ]]; }

step "stations find address, default route and MTU by themselves"
for ns in "${!prefix[@]}"; do
  wait_until 8 "an address in $ns" has_address "$ns"
  wait_until 3 "a default route in $ns" has_gateway "$ns"
  address[$ns]=$(usable "$ns")
done
expect_equal "one gateway for a network" "$(gateway old)" "$(gateway b)"
expect_equal "MTU from the advertisement" "$(in_ns d cat /proc/sys/net/ipv6/conf/eth0/mtu)" 1400

step "all reach all, also the gateway"
for from in "${!prefix[@]}"; do
  for to in "${!prefix[@]}"; do ping_all "$from" "${address[$to]}" 2; done
  for to in fd00:6::1 fd00:7::1 "$(gateway "$from")%eth0"; do ping_all "$from" "$to" 2; done
done
iperf_server d
same_bytes b d "${address[d]}"
same_bytes old d "${address[d]}"
expect "bytes c -> d" "$(iperf c "${address[d]}" -n 20M) > 10 << 20"
expect_equal "drops of the guard" "$(for r in guard_mac guard_ip guard_nd; do drops $r; done | xargs)" "0 0 0"

step "the guard holds a station to the address it made (and no other of the prefix)"
ip -n b address add fd00:6::bad/64 dev eth0 nodad
in_ns b ping -n -c 3 -i 0.05 -W 0.3 -I fd00:6::bad "${address[c]}" >"$WORK/bad.log" 2>&1 && fail "b reaches c by another address"
expect "dropped for it" "$(drops guard_ip b) + $(drops guard_nd b) >= 3"
ip -n b address del fd00:6::bad/64 dev eth0
ping_all b "${address[c]}" 3

step "an address that is the router's or another's is found to be a duplicate, and nothing is disturbed"
duplicate() { ip -n old -6 address show dev eth0 dadfailed | grep -q "$1"; }
for taken in fd00:6::1 "${address[b]}"; do
  in_ns c ping -n -i 0.05 -c 60 "${address[b]}" >"$WORK/meanwhile.log" 2>&1 & meanwhile=$!
  ip -n old address add "$taken/64" dev eth0
  wait_until 4 "old finds $taken to be a duplicate" duplicate "$taken"
  wait $meanwhile || fail "pings were lost meanwhile"
  expect_text "pings meanwhile" "$WORK/meanwhile.log" ' 0% packet loss'
  ip -n old address del "$taken/64" dev eth0
  ping_all old "${address[c]}" 3
done

step "a station that claims the router's address without asking does not get it"
ip -n old address add fd00:6::1/64 dev eth0 nodad
in_ns old python3 - <<'PYTHON' || fail "cannot send the claim"
import socket, struct
router = socket.inet_pton(socket.AF_INET6, "fd00:6::1")
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as s:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    s.sendto(struct.pack(">BBHI", 136, 0, 0, 0x20000000) + router, ("ff02::1", 0, 0, socket.if_nametoindex("eth0")))
PYTHON
ip -n old address del fd00:6::1/64 dev eth0
for ns in old four d; do ping_all $ns fd00:6::1 3; done

step "at the end the router takes itself back (lifetime 0)"
expect "advertisements until now" "$(frames_in "$WORK/old.pcap" 'icmp6 and ip6[40] == 134') >= 1"
router=$(gateway old)
stop_uswitch main
no_gateway() { [[ -z $(gateway old) ]]; }
wait_until 2 "old has no default route any more" no_gateway
stop_capture $old_capture
captured "$WORK/old.pcap" -v 'icmp6 and ip6[40] == 134' >"$WORK/advertisements.log"
expect_equal "all of them from" "$(grep -o 'hlim 255.* > ' "$WORK/advertisements.log" | grep -o '[^ ]* > $' | sort -u)" "$router > "
lifetimes() { grep -o 'router lifetime [0-9]*' "$WORK/advertisements.log" | awk '{print $3}'; }
expect_equal "lifetime of the first" "$(lifetimes | head -n 1)" 1800
expect_equal "lifetime of the last" "$(lifetimes | tail -n 1)" 0
