# shellcheck shell=bash disable=SC2154
# Sourced after lib.sh by scenarios with several nodes: namespaces that have an address on one link, and
# each its own uswitch, or another switch. The link is the bridge `wire` of the scenario's own namespace.

# Without the way itself: a node whose eth0 is made elsewhere.
bare_node() {  # NAME
  ip netns add "$1"
  ip -n "$1" link set lo up
}

node() {  # NAME NUMBER: 192.0.2.NUMBER and 2001:db8::NUMBER on eth0; its other end is wire_NAME
  ip link show wire >/dev/null 2>&1 || ip link add wire up type bridge
  bare_node "$1"
  ip link add "wire_$1" up master wire type veth peer name eth0 netns "$1"
  give "$1" eth0 "192.0.2.$2/24" "2001:db8::$2/64"
}

give() {  # NODE DEVICE ADDRESS...: and up
  local address
  for address in "${@:3}"; do
    # shellcheck disable=SC2046
    ip -n "$1" address add "$address" dev "$2" $([[ $address != *:* ]] || echo nodad)
  done
  ip -n "$1" link set "$2" up
}

# As if a NIC were there: what leaves is cut and summed, inside and outside, as it is on a wire. A veth pair
# hands on super-segments, and checksums that nobody has finished.
like_a_wire() {  # NODE [DEVICE]
  in_ns "$1" ethtool -K "${2:-eth0}" tx off gso off tx-udp-segmentation off gro off >/dev/null
}

start_node() { NODE=$1 start_uswitch "$1"; }  # NAME [<YAML]: its uswitch runs in it

kill_node() {  # NAME: its uswitch, without a chance to clear up
  local pid=${uswitch_pid[$1]}
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null || true
  unset "uswitch_pid[$1]"
}

tunnel() {  # NODE TUNNEL FIELD: of `show tunnels`, a line a remote
  show tunnels "$1" | jq -r ".tunnels[] | select(.tunnel == \"$2\") | .$3"
}

has_mtu() { [[ $(link "$1" "${3:-eth0}" .mtu) == "$2" ]]; }  # NAMESPACE MTU [DEVICE]

# What tcpdump holds against a capture of datagrams on the wire: outer fragments, outer packets that are
# longer than the link takes, checksums that are wrong, inside or outside.
expect_clean_wire() {  # FILE MTU
  expect "outer datagrams" "$(frames_in "$1" 'udp port 4789 or udp port 8285') > 100"
  expect_equal "outer fragments" "$(frames_in "$1" 'ip[6:2] & 0x3fff != 0 or ip6 proto 44')" 0
  expect_equal "outer packets above $2" "$(frames_in "$1" "greater $(($2 + 15))")" 0
  captured "$1" -vv | grep -E -B 2 'bad udp cksum|incorrect|bad cksum' >"$WORK/checksums.log" || true
  expect "wrong checksums, see checksums.log" "$(wc -l <"$WORK/checksums.log") == 0"
}
