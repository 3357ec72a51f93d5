#!/bin/bash
# explain says what then happens, and changes nothing; replay of what was captured at the endpoints makes what they received.
#
#   web (tap)  .11 ---+                         +--- robot (tap) .31
#   db (veth)  .21 ---+-- office -- router -- lab
source "$(dirname "$0")/lib.sh"

start_uswitch main <<YAML
networks:
  office: {router: [10.0.0.1/24, fd00:a::1/64]}
  lab:    {router: [10.1.0.1/24, fd00:b::1/64]}
ports:
  web:   {type: tap,  netns: web,   device: eth0, network: office, address: [10.0.0.11/24, fd00:a::11/64], routes: default}
  db:    {type: veth, netns: db,    device: eth0, network: office, address: [10.0.0.21/24, fd00:a::21/64], routes: default}
  robot: {type: tap,  netns: robot, device: eth0, network: lab,    address: [10.1.0.31/24, fd00:b::31/64], routes: default}
YAML

explain() { timeout 10 "$USWITCH" explain --control /run/main.sock --json "$@" >"$WORK/explained.json"; }
told() { jq -r "$1" "$WORK/explained.json"; }
of_imagined() { show neighbours | jq '[.neighbours[] | select(.address == "10.1.0.77" or .address == "10.0.0.99")] | length'; }

capture web eth0 "$WORK/web_out.pcap" -Q out; captures=("$capture_pid")
capture robot eth0 "$WORK/robot_out.pcap" -Q out; captures+=("$capture_pid")
capture robot eth0 "$WORK/robot_in.pcap" -Q in "icmp[icmptype] == 8 or ip6[40] == 128"; captures+=("$capture_pid")

step "what is not known yet is asked for"
explain --port web --icmp 10.0.0.11,10.1.0.77
expect_equal "end" "$(told .end)" "waits in the router for an answer from 10.1.0.77 on lab"

step "it comes as it was told"
ping_all web 10.0.0.21; ping_all web 10.1.0.31; ping_all web fd00:b::31
explain --port web --tcp 10.0.0.11:4000,10.0.0.21:80
expect_equal "egress to the neighbour" "$(told '.egress | join(",")')" db
explain --port web --udp "[fd00:a::11]:4000,[fd00:b::31]:53"
expect_equal "egress to the other network" "$(told '.egress | join(",")')" robot
expect_equal "what had to be assumed" "$(told '.notes | length')" 0
explain --port web --icmp 10.0.0.11,10.0.0.1
expect_equal "to the router" "$(told .end)" "taken by the router, which answers"
explain --port web --icmp 10.0.0.99,10.1.0.31
expect_equal "forged" "$(told '.drops | join(",")')" guard_ip
expect_equal "the note about it" "$(told '.notes[0]')" "10.0.0.99 is no address of web, which has 10.0.0.11, fd00:a::11"
explain --port web --frame "ffffffffffff $(mac_of db) 0806"
expect_equal "another's MAC" "$(told '.drops | join(",")')" guard_mac
expect_equal "neighbours that were only imagined" "$(of_imagined)" 0
expect_equal "drops of forgeries that were imagined" "$(drops guard_ip),$(drops guard_mac)" 0,0

step "for people, and refused"
"$USWITCH" explain --control /run/main.sock --port db --icmp 10.0.0.21,10.1.0.31 >"$WORK/explained.txt"
expect_text "the route" "$WORK/explained.txt" "^route +10\.1\.0\.31 -> directly on lab$"
expect_text "the end" "$WORK/explained.txt" "^=> leaves by robot$"
status=0; "$USWITCH" explain --control /run/main.sock --port dbb --icmp 1.1.1.1,2.2.2.2 2>"$WORK/refused.txt" || status=$?
expect_equal "exit code for an unknown port" $status 2
expect_text "the refusal" "$WORK/refused.txt" "no port 'dbb'; there are web, db, robot"
status=0; "$USWITCH" explain --control /run/none.sock --port web --icmp 1.1.1.1,2.2.2.2 2>/dev/null || status=$?
expect_equal "exit code without a daemon" $status 3

step "replay makes of what web and robot sent what robot received"
for pid in "${captures[@]}"; do stop_capture "$pid"; done
for run in one two; do
  (cd "$WORK" && "$USWITCH" replay --config main.yaml --in web=web_out.pcap --in robot=robot_out.pcap --out $run >$run.txt)
done
diff -r "$WORK/one" "$WORK/two" || fail "two replays differ"
requests() { captured "$1" -t "icmp[icmptype] == 8 or ip6[40] == 128"; }
expect "requests that robot received" "$(requests "$WORK/robot_in.pcap" | wc -l) >= 10"
expect_equal "requests that it received in the replay" "$(requests "$WORK/one/robot.pcap" | sort)" \
  "$(requests "$WORK/robot_in.pcap" | sort)"
expect_equal "packets that were lost there" \
  "$(jq '[.drops[] | select(.reason != "no_egress") | .packets] | add // 0' "$WORK/one/report.json")" 0  # MLD has no listener

stop_uswitch main
