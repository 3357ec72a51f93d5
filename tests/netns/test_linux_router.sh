#!/bin/bash
# The same packets, once through uswitch and once through a Linux router: what is answered, by whom, with which header
# and quote, and what arrives beyond, is the same but for the differences that are listed below with their reasons.
#
#   near (10.0.0.9, fd00:a::9, and one address a probe) -- router -- far (10.1.0.9, fd00:b::9), mtu 1400
#
# Proves R4-1, R4-3, R4-6 to R4-13, R6-1 to R6-4, IC-1 to IC-6, I6-1 to I6-4, FR-1 by comparison.
source "$(dirname "$0")/lib.sh"

# Line by line: PROBE, and why uswitch is right to differ, with the id of docs/standards.md.
differences() {
  cat <<LIST
from_0.0.0.1 R4-9: 0/8 is no station's; Linux looks only at 0.0.0.0 itself
from_240.0.0.1 R4-9: nor is class E, which Linux has given free
to_240.0.0.1 R4-9: dropped silently as a martian; Linux has no route
from_link_local R4-8: RFC 3927 2.6.2 forbids to forward them
from_fd00:a::1 R4-9: the router's own address comes from nobody else; Linux looks only in IPv4
from_::ffff:10.0.0.9 RFC 4291 2.5.5.2: IPv4-mapped addresses do not stand on a wire
to_:: R4-9: dropped silently as a martian; Linux has no route
to_fe80::77 R6-2: never forwarded; Linux looks for it on the same link
to_fd00:b:: the anycast address of the subnet's routers (RFC 4291 2.6.1) is not spoken for: not built
loose_route R4-12: says that source routes are not taken; Linux drops them silently when they are switched off
record_route R4-12: options are forwarded as they came
echo_record_route R4-12: likewise
broken_option R4-12: points to the byte that is wrong; Linux to the option that it is in
timestamp R4-13: RFC 1812 4.3.3.8 leaves it open; it would tell the clock
hop_by_hop_discard R6-3: RFC 8200 4.8 lets routers pass what they are not configured to look at
hop_by_hop_tell R6-3: likewise
atomic_fragment_to_gateway FR-7: the quote is of the datagram, without the fragment header
LIST
}

give_addresses() {  # NAMESPACE
  local address
  for address in $(python3 "$HERE/router_probe.py" addresses); do
    [[ $address == *:* ]] && echo "address add $address/64 dev eth0 nodad" || echo "address add $address/24 dev eth0"
  done | ip -n "$1" -batch -
}
probe() {  # NEAR FAR ROUTER-MAC FILE
  for address in 10.0.0.1 10.1.0.9 fd00:a::1 fd00:b::9; do ping_all "$1" $address 2; done
  timeout 40 python3 "$HERE/router_probe.py" "$1" "$2" "$3" >"$4" 2>"$WORK/probe.log" || fail "the probes of $1"
}

step "through uswitch"
start_uswitch main <<YAML
networks:
  a: {router: [10.0.0.1/24, 'fd00:a::1/64']}
  b: {router: [10.1.0.1/24, 'fd00:b::1/64'], mtu: 1400}
ports:
  near: {type: tap, netns: near, device: eth0, network: a, guard: off, address: [10.0.0.9/24, 'fd00:a::9/64'], routes: default}
  far:  {type: tap, netns: far,  device: eth0, network: b, guard: off, address: [10.1.0.9/24, 'fd00:b::9/64'], routes: default}
YAML
give_addresses near
ping_all near 10.0.0.1
probe near far "$(ip -n near -json neigh show 10.0.0.1 | jq -r '.[0].lladdr')" "$WORK/uswitch.txt"
stop_uswitch main

step "through Linux"
for ns in near2 far2 router; do ip netns add $ns; ip -n $ns link set lo up; done
in_ns router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
  echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit
  echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter
  echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects; echo 0 >/proc/sys/net/ipv4/conf/default/send_redirects'
join() {  # NAMESPACE ROUTER'S-DEVICE ADDRESS-4 ADDRESS-6 (without the last number) MTU
  ip -n "$1" link add eth0 type veth peer name "$2" netns router
  ip -n "$1" link set eth0 mtu "$5" up
  ip -n router link set dev "$2" mtu "$5" up
  ip -n "$1" address add "$3.9/24" dev eth0; ip -n "$1" address add "$4::9/64" dev eth0 nodad
  ip -n router address add "$3.1/24" dev "$2"; ip -n router address add "$4::1/64" dev "$2" nodad
  ip -n "$1" route add default via "$3.1"; ip -n "$1" route add default via "$4::1"
}
join near2 eth0 10.0.0 fd00:a 1500
join far2 eth1 10.1.0 fd00:b 1400
give_addresses near2
sleep 2  # link-local addresses are tentative until then
probe near2 far2 "$(mac_of router eth0)" "$WORK/linux.txt"

step "compared"
expect "probes" "$(wc -l <"$WORK/linux.txt") >= 80"
{ diff -U 0 "$WORK/linux.txt" "$WORK/uswitch.txt" || true; } >"$WORK/difference.log"
differing=$(sed -n 's/^[-+]\([^ ]*\): .*/\1/p' "$WORK/difference.log" | sort -u)
expect_equal "probes that differ" "$differing" "$(differences | awk '{print $1}' | sort -u)"
