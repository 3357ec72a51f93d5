#!/bin/bash
# workers: 1 2
# Ports of the host's own addresses (`on: host`): what comes to them is relayed to the endpoints behind them.
#
#   the host: 127.0.0.1, ::1
#       usw0 .254 ---+                          10.0.0.1
#   web .11 (tap) ---+=== office === router     fd00:a::1
#   brief .31 (tap) -+
#
# Proves HP-2: TCP and UDP, IPv4 and IPv6, back-pressure and half-close, thousands of connections from the usual limit of
# open files on, clashes said at once, refusals shown, and that an endpoint that goes takes its flows along.
source "$(dirname "$0")/lib.sh"
[[ $(ulimit -Hn) == unlimited || $(ulimit -Hn) -ge 8192 ]] || skip "the hard limit of open files is too low"
ulimit -Sn 1024

start_uswitch main <<YAML
networks:
  office: {router: [10.0.0.1/24, fd00:a::1/64]}
ports:
  web:   {type: tap, netns: web,   device: eth0, network: office, address: [10.0.0.11/24, fd00:a::11/64], routes: default}
  brief: {type: tap, netns: brief, device: eth0, network: office, address: [10.0.0.31/24], routes: default}
  host:  {type: tap, device: usw0, network: office, address: [10.0.0.254/24, fd00:a::254/64]}
nat:
  publish:
    - {on: host, port: 8080, proto: [tcp, udp], to: "10.0.0.11:80"}
    - {on: host, port: 8080, proto: [tcp, udp], to: "[fd00:a::11]:80"}
    - {on: host, port: 8081, to: "10.0.0.11:80", allow: 192.0.2.0/24}
    - {on: host, port: 8082, proto: [tcp, udp], to: "10.0.0.31:80"}
YAML
relayed() { timeout 60 python3 "$HERE/relayed.py" "$@"; }
is_open() { in_ns "$1" ss -Hltun "sport = :80" | awk '{print $1}' | sort -u | xargs | grep -q "tcp udp"; }
for ns in web brief; do
  nsenter "--net=/run/netns/$ns" python3 "$HERE/relayed.py" serve 80 >"$WORK/server_$ns.log" 2>&1 &
  wait_until 5 "a server in $ns" is_open $ns
done
published() {  # PORT FIELD: over all entries of that port
  show publish | jq "[.publish[] | select(.port == \"$1\") | .relayed.$2] | add"
}
metric() { curl -s -m 5 --unix-socket /run/main.sock http://uswitch/metrics | awk -v name="$1" '$1 == name {print $2}'; }

step "UDP comes back, by IPv4 and IPv6, in fragments too"
for address in 127.0.0.1 10.0.0.254 ::1; do relayed udp $address 8080 || fail "UDP to $address"; done
expect_equal "UDP clients" "$(published 8080 active)" 3

step "a client that takes nothing holds up who sends to it; once it has said all it still hears all"
for address in 127.0.0.1 ::1; do
  relayed stalled $address 8080 96 >"$WORK/stalled.log" || fail "TCP to $address"
  expect "sent to $address while nobody read" "$(cat "$WORK/stalled.log") < 96 << 20"
done
expect "bytes from clients" "$(published 8080 bytes_in) >= 192 << 20"

step "2000 connections at once, with a soft limit of 1024 files at the start"
relayed many 127.0.0.1 8080 2000 || fail "2000 connections"
expect "opened" "$(published 8080 opened) >= 2000 + 2 + 3"
expect_equal "refused" "$(published 8080 refused)" 0

step "who is not allowed is refused, which is shown"
relayed hold 127.0.0.1 8081 >"$WORK/refused.log" 2>&1 && fail "a client that is not allowed" || true
expect_text "the client" "$WORK/refused.log" ConnectionResetError
expect_equal "refused" "$(published 8081 refused)" 1
expect_equal "refused, in the metrics" "$(metric 'uswitch_relay_events_total{event="refused"}')" 1
show publish >"$WORK/publish.json"
python3 "$HERE/documented.py" "$HERE/../../docs/control.md" publish "$WORK/publish.json" || fail "show publish --json"

step "a port that another program has is refused at once, at run time and at the start"
api() { curl -s -m 5 --unix-socket /run/main.sock -X "$1" -d "$3" "http://uswitch$2"; }
python3 "$HERE/relayed.py" serve 8090 >"$WORK/program.log" 2>&1 &
other_listens() { ss -Hltn "sport = :8090" | grep -q .; }
wait_until 5 "another program" other_listens
sentence="cannot publish TCP port 8090 of .* on the host: Address already in use; another program has it: .ss -ltnp"
api POST /v1/publish '{"on": "host", "port": 8090, "to": "10.0.0.11:80"}' >"$WORK/clash.log"
expect_text "at run time" "$WORK/clash.log" "$sentence"
refused_uswitch other 1 <<YAML
networks: {lab: {router: 10.1.0.1/24}}
ports:
  host: {type: tap, device: usw1, network: lab, address: [10.1.0.254/24]}
nat: {publish: [{on: host, port: 8090, to: "10.1.0.11:80"}]}
YAML
expect_text "at the start" "$WORK/other.log" "$sentence"

step "an endpoint that goes takes its flows along"
relayed udp 127.0.0.1 8082 || fail "UDP to brief"
relayed hold 127.0.0.1 8082 >"$WORK/hold.log" 2>&1 &
holder=$!
wait_until 5 "a connection to brief" grep -q connected "$WORK/hold.log"
expect_equal "flows of brief" "$(published 8082 active)" 2
api DELETE /v1/ports/brief "" >"$WORK/delete.log"
wait_until 5 "the client hears of it" has_ended $holder
expect_text "the client" "$WORK/hold.log" ConnectionResetError
has_none() { [[ $(published 8082 active) == 0 ]]; }
wait_until 5 "no flow of brief is left" has_none

stop_uswitch main
