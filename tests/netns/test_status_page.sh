#!/bin/bash
# The status page, the metrics and the JSON beside them, over TCP.
#
#     web (tap)   db (veth)  <br> (tap)          robot (tap)        peer
#         |          |          |                    |                | wan0
#   ======+==========+==========+== office    =======+=== lab      ===+=== outside
#                               |                    |                |
#                               +------- router -----+------ NAT -----+
#
# Proves: what is served there is read only and no more than the page needs; a name that resolves to
# 127.0.0.1 is refused (DNS rebinding); promtool finds no fault with the metrics, and they count what was
# sent; the page draws the topology, rates and drops in a browser, at two widths and in both colours, and no
# name can hurt it. PICTURES=DIRECTORY keeps what the browser saw.
source "$(dirname "$0")/lib.sh"

ip link add wan0 type veth peer name wan1
ip link set wan1 up
ip addr add 198.51.100.254/24 dev wan1
start_uswitch main <<YAML
networks:
  office: {router: [10.0.0.1/24, "fd00:a::1/64"]}
  lab: {router: [10.1.0.1/24], isolated: true}
  outside: {router: [198.51.100.1/24]}
ports:
  web:   {type: tap,  netns: web,   device: eth0,   network: office, address: [10.0.0.11/24], routes: default}
  db:    {type: veth, netns: db,    device: eth0,   network: office, address: [10.0.0.21/24], routes: default}
  odd:   {type: tap,  netns: odd,   device: "<br>", network: office, address: [10.0.0.31/24]}
  robot: {type: tap,  netns: robot, device: eth0,   network: lab,    address: [10.1.0.31/24], routes: default}
  wan:   {type: raw,  device: wan0, network: outside}
routes: [{to: 0.0.0.0/0, via: 198.51.100.254}]
nat: {masquerade: [{from: 10.0.0.0/8, out: outside}]}
metrics: {listen: 127.0.0.1:9433}
YAML
readonly URL=http://127.0.0.1:9433
status_of() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
metric() { curl -s $URL/metrics | awk -v name="$1" '$1 == name {print $2}'; }

step "what is served over TCP, and what is not"
for path in / /metrics /v1/status /v1/networks /v1/ports /v1/drops /v1/workers; do
  expect_equal "GET $path" "$(status_of $URL$path)" 200
  expect_equal "HEAD $path" "$(status_of -I $URL$path)" 200
done
for path in /v1/config /v1/connections /v1/fdb /v1/publish /nothing; do
  expect_equal "GET $path" "$(status_of $URL$path)" 404
done
expect_equal "POST" "$(status_of -d '{}' $URL/v1/ports)" 405
expect_equal "DELETE" "$(status_of -X DELETE $URL/v1/ports/web)" 405
expect_equal "the host of a web site" "$(status_of -H 'Host: evil.example:9433' $URL/v1/ports)" 421
expect_equal "localhost" "$(status_of -H 'Host: localhost:9433' $URL/v1/ports)" 200
curl -sI $URL/ >"$WORK/head.log"
expect_text "policy of the page" "$WORK/head.log" "^Content-Security-Policy: default-src 'none'; script-src 'nonce-[0-9a-f]{32}'"

step "metrics count what was sent"
before=$(metric 'uswitch_port_receive_packets_total{port="web"}')
ping_all web 10.0.0.21 20
expect "packets of web" "$(metric 'uswitch_port_receive_packets_total{port="web"}') >= $before + 20"
frames web eth0 foreign_mac 7
are_counted() { [[ $(metric 'uswitch_port_dropped_packets_total{port="web",reason="guard_mac"}') == 7 ]]; }
wait_until 3 "the forged frames are counted" are_counted
expect_equal "both ways to them" "$(curl -s --unix-socket /run/main.sock http://uswitch/metrics | grep -c '^# TYPE')" \
  "$(curl -s $URL/metrics | grep -c '^# TYPE')"
if command -v promtool >/dev/null; then
  curl -s $URL/metrics | promtool check metrics >"$WORK/promtool.log" 2>&1 || fail "promtool finds fault with the metrics"
  expect_equal "what promtool says" "$(cat "$WORK/promtool.log")" ""
else
  echo "not checked: there is no promtool (Debian package prometheus)"
fi

step "the page in a browser"
traffic() {  # until it is killed
  in_ns web ping -n -q -i 0.01 -s 1200 10.0.0.21 & in_ns db ping -n -q -i 0.02 -s 900 198.51.100.254 &
  in_ns robot ping -n -q -i 0.02 198.51.100.254 & while frames web eth0 foreign_mac 5; do sleep 0.3; done
}
traffic >/dev/null 2>&1 &
pictures=${PICTURES:-$WORK}
status=0
timeout 60 python3 "$HERE/status_page.py" $URL/ "$pictures" >"$WORK/page.log" 2>&1 || status=$?
kill $!
case $status in
  0) ;;
  77) echo "not checked: there is no browser (Debian package chromium)" ;;
  *) fail "the page: exit code $status" ;;
esac

step "a taken port is refused with a sentence"
refused_uswitch second 1 <<<"metrics: {listen: 127.0.0.1:9433}
networks: {n: {}}"
expect_text "refusal" "$WORK/second.log" 'cannot listen on 127.0.0.1:9433: Address already in use; choose another port'
