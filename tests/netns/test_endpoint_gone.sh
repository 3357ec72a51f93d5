#!/bin/bash
# workers: 1 4
# A namespace that dies takes its port down: said exactly once, and nothing else suffers.
#
#   a (tap) --+-- network lan --+-- b (veth)       a pings b without a pause meanwhile
#             |                 |
#   dead_tap (tap, netns deleted), dead_veth (veth, netns deleted), dead_pid (tap, process killed),
#   dead_raw (raw, device deleted)
#
# Proves the "namespace that dies" of the contract and BR-4 (a port's MACs go with it).
source "$(dirname "$0")/lib.sh"

unshare --net sleep 90 &
holder=$!
other_network() { [[ $(readlink /proc/$holder/ns/net) != $(readlink /proc/self/ns/net) ]]; }
wait_until 5 "a process with a namespace of its own" other_network
ip netns add dead_tap
ip netns add dead_veth
ip link add raw0 type veth peer name raw1
ip link set raw1 up

start_uswitch main <<YAML
networks: {lan: {}}
ports:
  a:         {type: tap,  netns: a, device: eth0, network: lan, address: [10.0.0.1/24]}
  b:         {type: veth, netns: b, device: eth0, network: lan, address: [10.0.0.2/24]}
  dead_tap:  {type: tap,  netns: dead_tap, device: eth0, network: lan, address: [10.0.0.3/24]}
  dead_veth: {type: veth, netns: dead_veth, device: eth0, network: lan, address: [10.0.0.4/24]}
  dead_pid:  {type: tap,  netns: "pid:$holder", device: eth0, network: lan, address: [10.0.0.5/24]}
  dead_raw:  {type: raw,  device: raw0, network: lan}
YAML
for last in 2 3 4 5; do ping_all a 10.0.0.$last 2; done
expect "MACs learned from dead_tap" "$(show fdb | jq '[.fdb[] | select(.port == "dead_tap")] | length') >= 1"

nsenter --net=/run/netns/a ping -n -q -i 0.01 -W 3 10.0.0.2 >"$WORK/long_ping.log" 2>&1 &
pinger=$!

is_down() { [[ $(port "$1" up) == false ]]; }
said() { [[ $(grep -c "port $1:.*gone" "$WORK/main.log") == "$2" ]]; }
expect_death() {  # PORT
  wait_until 5 "$1 is down" is_down "$1"
  wait_until 2 "$1 is said to be gone" said "$1" 1
  expect_equal "MACs of $1" "$(show fdb | jq "[.fdb[] | select(.port == \"$1\")] | length")" 0
}

step "a namespace is deleted"
ip netns delete dead_tap;  expect_death dead_tap
ip netns delete dead_veth; expect_death dead_veth
step "the process that held a namespace is killed"
kill -KILL $holder; wait $holder || true
expect_death dead_pid
step "a device is deleted"
ip link delete raw0; expect_death dead_raw

step "traffic to who is gone is lost quietly, the others lose nothing, nothing is said twice"
in_ns a ping -n -q -c 5 -i 0.05 -W 0.2 10.0.0.3 >/dev/null 2>&1 || true
kill -INT $pinger
wait_until 5 "ping ends" has_ended $pinger
expect_answered "ping during the deaths" "$WORK/long_ping.log"
for name in dead_tap dead_veth dead_pid dead_raw; do
  said $name 1 || fail "$name: not said exactly once"
done
expect_equal "warnings and errors" "$(grep -Ec 'warn|error' "$WORK/main.log")" 4

stop_uswitch main
