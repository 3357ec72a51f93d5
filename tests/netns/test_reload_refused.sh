#!/bin/bash
# Reloads of every kind and what they refuse: a refused one changes nothing, one that fails half-way takes
# back what it made, and endpoints that come and go at run time.
#
#   a (tap) --+-- office 10.0.0.1/24 --+-- b (tap)        a pings b without a pause meanwhile
#             |                        |
#   c (tap, comes and goes) -----------+
source "$(dirname "$0")/lib.sh"

office='office: {router: [10.0.0.1/24]}'
endpoint() {  # NAME LAST-BYTE
  echo "$1: {type: tap, netns: $1, device: eth0, network: office, address: [10.0.0.$2/24], routes: default}"
}
base() { printf '%s\n' "networks:" "  $office" "ports:" "  $(endpoint a 11)" "  $(endpoint b 21)"; }
reload() {  # EXIT-CODE [FILE]
  local status=0
  timeout 20 "$USWITCH" reload ${2:+"$2"} --control /run/main.sock >"$WORK/reload.out" 2>"$WORK/reload.err" || status=$?
  expect_equal "exit code of reload ($(cat "$WORK/reload.err"))" "$status" "$1"
}
ask() {  # STATUS METHOD PATH [BODY]: the answer in $WORK/answer
  local status
  status=$(curl -s -o "$WORK/answer" -w '%{http_code}' --unix-socket /run/main.sock -X "$2" \
    ${4:+--data-binary "$4"} "http://uswitch$3")
  expect_equal "status of $2 $3 ($(cat "$WORK/answer"))" "$status" "$1"
}
state() {  # what must not change
  show config | jq -r .text
  show ports | jq -c '[.ports[] | [.name, .mac, .addresses, .mtu, .network]] | sort'
  show routes | jq -c '[.routes[].to] | sort'
  ls /run/netns
  ip -o link | cut -d: -f2 | sort
}

start_uswitch main < <(base)
ping_all a 10.0.0.21 2
nsenter --net=/run/netns/a ping -n -q -i 0.01 -W 3 10.0.0.21 >"$WORK/long_ping.log" 2>&1 &
pinger=$!
state >"$WORK/before"
unchanged() { state | diff "$WORK/before" - >"$WORK/diff.log" || fail "$1 has changed: $(cat "$WORK/diff.log")"; }

step "a wrong file is refused with all its errors and their places"
{ base; echo "  c: {type: tap, netns: c, device: eth0, network: offcie}"; echo "routes: [{to: 10.0.0.0/33, type: blackhole}]"; } | write_config main
reload 2
expect_text "errors" "$WORK/reload.err" '^/run/scenario/main.yaml:[0-9]+:[0-9]+: port .c.*offcie'
expect_equal "errors" "$(grep -c 'main.yaml:' "$WORK/reload.err")" 2
unchanged "after a wrong file"
reload 2 /nowhere.yaml
expect_text "errors" "$WORK/reload.err" 'cannot read the configuration'

step "what cannot change while it runs is refused"
{ base; echo "max_neighbours: 1024"; } | write_config main
reload 1
expect_text "error" "$WORK/reload.err" "'max_neighbours' cannot be changed"
unchanged "after a refused key"

step "the third new port fails, and the first two are taken back"
ip netns add there
ip -n there link add eth0 type veth peer name far0
{
  printf '%s\n' "networks:" "  $office" "  lab: {router: [10.1.0.1/24]}" "ports:" "  $(endpoint a 12)" "  $(endpoint b 21)"
  echo "  d: {type: tap,  netns: d, device: eth0, network: lab}"
  echo "  e: {type: veth, netns: e, device: eth0, network: lab}"
  echo "  f: {type: tap,  netns: there, device: eth0, network: lab}"
} | write_config main
state >"$WORK/before"
reload 1
expect_text "error" "$WORK/reload.err" "port 'f': .*eth0"
unchanged "after a failed reload"
ping_all a 10.0.0.21 2
expect_equal "addresses of a" "$(in_ns a ip -br -4 address show eth0 | awk '{print $3}')" 10.0.0.11/24

step "SIGHUP reads the file anew"
{ base; echo "  $(endpoint c 31)"; } | write_config main
kill -HUP "${uswitch_pid[main]}"
is_up() { [[ $(port "$1" up) == true ]]; }
wait_until 5 "c is up" is_up c
ping_all c 10.0.0.11 2

step "a text in place of the file; the same one again changes nothing"
text=$(base; printf '%s\n' "workers: $WORKERS" "control: /run/main.sock" ${IO:+"io: $IO"})
ask 200 PUT /v1/config "$text"
expect_equal "removed ports" "$(jq -c .ports.removed "$WORK/answer")" '["c"]'
expect_equal "text" "$(show config | jq -r .text)" "$text"
[[ ! -e /run/netns/c ]] || fail "the namespace of c is left"
ask 200 PUT /v1/config "$text"
expect_equal "changes" "$(jq -c '[.ports, .networks | .[] | .[]]' "$WORK/answer")" '[]'
ask 400 PUT /v1/config "networks: {office: {mtu: 9}}"
expect_equal "place of the error" "$(jq -c '.errors[0] | [.line, .column]' "$WORK/answer")" '[1,26]'
ask 400 PUT /v1/config ""

step "an endpoint comes, is changed in place by nobody, and goes"
ip netns add c
c='{"name": "c", "type": "veth", "netns": "c", "device": "eth0", "network": "office", "address": ["10.0.0.31/24"], "routes": "default"}'
ask 200 POST /v1/ports "$c"
ping_all c 10.0.0.11 2
ask 409 POST /v1/ports "$c"
expect_text "why" "$WORK/answer" "there is a port 'c' already"
ask 400 POST /v1/ports '{"name": "d", "type": "tap", "netns": "d", "device": "eth0", "network": "offcie"}'
expect_text "why" "$WORK/answer" "offcie"
ask 400 POST /v1/ports '{"type": "tap"}'
ask 404 DELETE /v1/ports/nobody
ask 405 PUT /v1/ports/c
show config | jq -r .text >"$WORK/effective.yaml"
"$USWITCH" --check --config "$WORK/effective.yaml" >/dev/null || fail "what runs is not a configuration"
expect_text "effective configuration" "$WORK/effective.yaml" '^  c: .*10.0.0.31/24'

step "it stays when the file is read anew, and what was in its table goes with it"
{ base; echo "  $(endpoint d 41)"; } | write_config main
reload 0
ping_all c 10.0.0.41 2
macs_of() { show fdb | jq "[.fdb[] | select(.port == \"$1\")] | length"; }
expect "MACs of c" "$(macs_of c) >= 1"
ask 200 DELETE /v1/ports/c
expect_equal "MACs of c" "$(macs_of c)" 0
expect_equal "neighbours of c" "$(show neighbours | jq '[.neighbours[] | select(.address == "10.0.0.31")] | length')" 0
[[ -e /run/netns/c ]] || fail "the namespace of c was not ours to remove"
expect_equal "devices in c" "$(ip -n c -o link | wc -l)" 1

step "a dead port is made anew when its namespace is there again, and not before"
ip netns delete d
is_down() { [[ $(port "$1" up) == false ]]; }
wait_until 5 "d is down" is_down d
reload 0
is_down d || fail "d is up without a namespace"
[[ ! -e /run/netns/d ]] || fail "the namespace of d was made"
ip netns add d
reload 0
expect_text "what is new" "$WORK/reload.out" 'ports added: d'
ping_all d 10.0.0.11 2

step "an endpoint changes in place"
mac=$(mac_of b)
{
  printf '%s\n' "networks:" "  office: {router: [10.0.0.1/24, 10.2.0.1/24], mtu: 1400}" "ports:" "  $(endpoint a 11)"
  echo "  b: {type: tap, netns: b, device: eth0, network: office, address: [10.0.0.21/24, 10.2.0.21/24], routes: [{to: 0.0.0.0/0, via: 10.2.0.1}]}"
  echo "  $(endpoint d 41)"
} | write_config main
reload 0
expect_equal "changed" "$(grep changed "$WORK/reload.out")" $'networks changed: office\nports changed: a, b, d'
expect_equal "MAC of b" "$(mac_of b)" "$mac"
expect_equal "MTU of b" "$(link b eth0 .mtu)" 1400
expect_equal "route of b" "$(in_ns b ip route show default)" "default via 10.2.0.1 dev eth0 proto static "
ping_all b 10.2.0.1 2
ping_all a 10.0.0.21 2
base | write_config main
reload 0
expect_equal "MTU of b" "$(link b eth0 .mtu)" 1500
expect_equal "addresses of b" "$(in_ns b ip -br -4 address show eth0 | awk '{print $3, $4}')" "10.0.0.21/24 "

step "a port becomes of another type, under its own name and with its own counters"
rx=$(port b rx_packets)
base | sed 's/b: {type: tap/b: {type: veth/' | write_config main
kill -INT $pinger
wait_until 5 "ping ends" has_ended $pinger
expect_answered "the ping that ran all the time" "$WORK/long_ping.log"
reload 0
expect_equal "type of b" "$(port b type)" veth
expect "counters of b go on" "$(port b rx_packets) >= rx"
ping_all a 10.0.0.21 2

step "no uswitch, no reload"
stop_uswitch main
reload 3
