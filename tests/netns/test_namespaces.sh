#!/bin/bash
# Namespaces by name, path and process: made and removed when missing, left as found when not.
#
#   new  (name, does not exist)          --+
#   old  (name, exists with its own veth) -+-- network lan
#   path (/run/netns/path)               --+
#   pid  (pid:N of a process)            --+
#   usw0 (no netns: where uswitch runs)  --+
#
# Proves the `netns` forms of the contract, and that a clean stop leaves nothing behind.
source "$(dirname "$0")/lib.sh"

for ns in old path; do
  ip netns add $ns
  ip -n $ns link add keep0 type veth peer name keep1
  ip -n $ns address add 192.0.2.7/24 dev keep0
  ip -n $ns link set keep0 up
  ip -n $ns route add 198.51.100.0/24 via 192.0.2.9 dev keep0 onlink
done
unshare --net sleep 90 &
holder=$!
other_network() { [[ $(readlink /proc/$holder/ns/net) != $(readlink /proc/self/ns/net) ]]; }
wait_until 5 "a process with a namespace of its own" other_network

everything() {  # what a stop must leave as it was
  ls /run/netns
  for ns in old path; do ip -n $ns -br link; ip -n $ns -br address; ip -n $ns route; done
  nsenter --target "$holder" --net ip -br link
  ip -br link; ip -br address; ip route
  find /run/uswitch -type f 2>/dev/null || true
}
everything >"$WORK/before.txt"

start_uswitch main <<YAML
networks: {lan: {mtu: 1400}}
ports:
  new:  {type: tap,  netns: new, device: eth0, network: lan, address: [10.0.0.1/24], mac: "02:00:00:00:00:01",
         routes: [{to: 203.0.113.0/24, via: 10.0.0.2}]}
  new2: {type: veth, netns: new, device: eth1, network: lan, mtu: 1300}
  old:  {type: veth, netns: old, device: eth0, network: lan, address: [10.0.0.2/24]}
  path: {type: tap,  netns: /run/netns/path, device: eth0, network: lan, address: [10.0.0.3/24]}
  pid:  {type: veth, netns: "pid:$holder", device: eth0, network: lan, address: [10.0.0.4/24]}
  here: {type: tap,  device: usw0, network: lan, address: [10.0.0.5/24]}
YAML

step "every form of netns is reached"
for last in 2 3 4 5; do ping_all new 10.0.0.$last; done
ping -n -q -c 2 -i 0.05 10.0.0.4 >/dev/null || fail "no ping from where uswitch runs"

step "address, routes, MAC and MTU are set inside; loopback of a new namespace is up"
expect_equal "MAC of new" "$(mac_of new)" 02:00:00:00:00:01
expect_equal "MTU of new" "$(link new eth0 .mtu)" 1400
expect_equal "MTU of new2" "$(link new eth1 .mtu)" 1300
expect_equal "route of new" "$(ip -n new -json route show 203.0.113.0/24 | jq -r '.[0].gateway')" 10.0.0.2
in_ns new ping -n -q -c 1 127.0.0.1 >/dev/null || fail "no loopback in new"

step "what was there is untouched meanwhile"
expect_equal "keep0 of old" "$(ip -n old -br address show keep0 | awk '{print $3}')" 192.0.2.7/24

step "a clean stop leaves nothing behind"
stop_uswitch main
everything >"$WORK/after.txt"
diff -u "$WORK/before.txt" "$WORK/after.txt" || fail "namespaces or devices differ from before"

step "and so does a kill -9, once uswitch has run again"
start_uswitch main
kill -KILL "${uswitch_pid[main]}"
wait_until 5 "uswitch dies" has_ended "${uswitch_pid[main]}"
[[ -e /run/netns/new ]] || fail "kill -9 removed a namespace"
start_uswitch main
ping_all new 10.0.0.2; ping_all new 10.0.0.3; ping_all new 10.0.0.4
stop_uswitch main
everything >"$WORK/after.txt"
diff -u "$WORK/before.txt" "$WORK/after.txt" || fail "namespaces or devices differ from before"
