#!/bin/bash
# workers: 1 2
# A network that spans three nodes, each a namespace with a uswitch of its own, in full mesh.
#
#   a1 -- uswitch n1 (192.0.2.1) --+
#   a2 -- uswitch n2 (192.0.2.2) --+-- bridge of the kernel, MTU 1500
#   a3 -- uswitch n3 (192.0.2.3) --+
#
# Proves VX-5, VX-7, VX-8, VX-9, TR-6, TR-7, PM-5: everybody reaches everybody, a broadcast comes once, no station
# seems to move, no outer packet is cut or too long, a node that was away works at once.
source "$(dirname "$0")/lib.sh"

ip link add under type bridge
ip link set under up
for n in 1 2 3; do
  ip netns add n$n
  ip link add u$n master under type veth peer name eth0 netns n$n
  ip link set u$n up
  ip -n n$n link set lo up
  ip -n n$n address add 192.0.2.$n/24 dev eth0
  ip -n n$n address add 2001:db8::$n/64 dev eth0 nodad
  ip -n n$n link set eth0 up
done

start_node() {  # NUMBER OTHER...
  local n=$1 remotes v6
  shift
  remotes=$(printf ', 192.0.2.%s' "$@") v6=$(printf ', "2001:db8::%s"' "$@")
  NODE=n$n start_uswitch n$n <<YAML
networks:
  office: {}
  six: {}
ports:
  a$n: {type: tap, netns: a$n, device: eth0, network: office, address: [10.0.0.$n/24, fd00::$n/64]}
  b$n: {type: veth, netns: b$n, device: eth0, network: six, address: [10.0.0.$n/24, fd00::$n/64]}
tunnels:
  mesh: {type: vxlan, network: office, vni: 42, local: 192.0.2.$n, remotes: [${remotes:2}]}
  six: {type: udp, network: six, vni: 42, local: "2001:db8::$n", remotes: [${v6:2}]}
YAML
}
start_node 1 2 3
start_node 2 1 3
start_node 3 1 2

step "everybody reaches everybody"
for from in 1 2 3; do
  for to in 1 2 3; do
    [[ $from == "$to" ]] && continue
    ping_all a$from 10.0.0.$to
    ping_all b$from fd00::$to
  done
done
step "the MTU is the underlay's less the overhead, and no longer packet gets an answer from nowhere"
expect_equal "MTU of a1" "$(ip -n a1 -j link show eth0 | jq '.[].mtu')" 1450
expect_equal "MTU of b1" "$(ip -n b1 -j link show eth0 | jq '.[].mtu')" 1434
ping_all a1 10.0.0.2 3 -M do -s 1422
step "bytes arrive as they were sent"
iperf_server a2
iperf_server b2
same_bytes a1 a2 10.0.0.2
same_bytes b1 b2 fd00::2
iperf a1 10.0.0.2 -n 50M
iperf b1 fd00::2 -n 50M
for n in 1 2 3; do stop_uswitch n$n; done
