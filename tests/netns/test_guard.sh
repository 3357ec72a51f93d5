#!/bin/bash
# workers: 1 2 4
# An endpoint is held to its addresses: what it forges is dropped and counted, unless its guard is off.
#
#   bad  (tap, guarded by its address) --+
#   badv (veth, guarded likewise)      --+-- network lan --+-- good (tap) .9, captures everything
#   free (tap, guard: off)             --+                 +-- peer (veth) .10
#
# Proves the guard of the contract, for IPv4 and IPv6.
source "$(dirname "$0")/lib.sh"

start_uswitch main <<YAML
networks: {lan: {}}
ports:
  bad:  {type: tap,  netns: bad,  device: eth0, network: lan, address: [10.0.0.1/24, fd00::1/64]}
  badv: {type: veth, netns: badv, device: eth0, network: lan, address: [10.0.0.2/24, fd00::2/64]}
  free: {type: tap,  netns: free, device: eth0, network: lan, address: [10.0.0.3/24, fd00::3/64], guard: off}
  good: {type: tap,  netns: good, device: eth0, network: lan, address: [10.0.0.9/24, fd00::9/64]}
  peer: {type: veth, netns: peer, device: eth0, network: lan, address: [10.0.0.10/24, fd00::10/64]}
YAML
kinds=foreign_mac,foreign_ip4,foreign_ip6,arp,advertisement,router,dhcp,dhcp6
declare -A wanted=([guard_mac]=5 [guard_ip]=10 [guard_arp]=5 [guard_nd]=5 [guard_ra]=5 [guard_dhcp]=10)
all=40  # five of each kind

step "guarded endpoints do what they should"
ping_all bad 10.0.0.9; ping_all bad fd00::9; ping_all badv 10.0.0.10; ping_all badv fd00::10
expect_equal "drops before any forgery" "$(show drops | jq .total)" 0

capture good eth0 "$WORK/good.pcap" "ether dst 02:aa:aa:aa:aa:aa"
for ns in bad badv; do
  step "what $ns forges is dropped and counted"
  frames $ns eth0 $kinds 5
  for reason in "${!wanted[@]}"; do
    expect_equal "drops of $ns for $reason" "$(drops "$reason" $ns)" "${wanted[$reason]}"
  done
done
expect_equal "drops in all" "$(show drops | jq .total)" $((2 * all))

step "guard: off lets it pass"
frames free eth0 $kinds 5
all_came() { (($(frames_in "$WORK/good.pcap") >= all)); }
wait_until 3 "the frames of free arrive" all_came
stop_capture "$capture_pid"
expect_equal "forged frames that good saw" "$(frames_in "$WORK/good.pcap")" $all
expect_equal "of them from bad or badv" \
  "$(frames_in "$WORK/good.pcap" "ether src $(mac_of bad) or ether src $(mac_of badv)")" 0

step "an endpoint that changes its IP address is cut off, and back with the old one"
ip -n bad address add 10.0.0.77/24 dev eth0
! in_ns bad ping -n -q -c 2 -i 0.05 -W 0.3 -I 10.0.0.77 10.0.0.9 >/dev/null 2>&1 || fail "10.0.0.77 passes"
expect "drops for it" "$(drops guard_ip bad) + $(drops guard_arp bad) > 15"
ping_all bad 10.0.0.9

step "an endpoint that changes its MAC is cut off, and back with the old one"
old=$(mac_of badv) before=$(drops guard_mac badv)
ip -n badv link set eth0 address 02:00:00:00:00:66
ping_none badv 10.0.0.9
expect "drops for it" "$(drops guard_mac badv) > $before"
ip -n badv link set eth0 address "$old"
ping_all badv 10.0.0.9

stop_uswitch main
