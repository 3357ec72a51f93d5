#!/bin/bash
# `uswitch top` on a terminal and without one, and the tables of `show` as they are printed.
#
#     web (tap)    db (tap)           peer
#        |            |                 | wan0
#   =====+============+===== office  ===+=== outside
#              |                        |
#              +------- router --- NAT -+
#
# Proves: on a terminal of 80x24 each frame fits, rates, drops with reasons and connections are shown, it
# follows the size, and the terminal is as before after q, Ctrl-Z and each signal; without a terminal it
# prints one frame; colours only on a terminal and not with NO_COLOR.
source "$(dirname "$0")/lib.sh"

ip link add wan0 type veth peer name wan1
ip link set wan1 up
ip addr add 198.51.100.254/24 dev wan1
start_uswitch main <<YAML
networks:
  office: {router: 10.0.0.1/24}
  outside: {router: 198.51.100.1/24}
ports:
  web: {type: tap, netns: web, device: eth0, network: office, address: [10.0.0.11/24], routes: default}
  db:  {type: tap, netns: db,  device: eth0, network: office, address: [10.0.0.21/24], routes: default}
  wan: {type: raw, device: wan0, network: outside}
routes: [{to: 0.0.0.0/0, via: 198.51.100.254}]
nat: {masquerade: [{from: 10.0.0.0/8, out: outside}]}
YAML
in_ns web ping -n -q -i 0.01 -s 1200 198.51.100.254 >/dev/null 2>&1 &
frames web eth0 foreign_mac 7

step "on a terminal"
timeout 60 python3 "$HERE/top_screen.py" "$USWITCH" /run/main.sock "$WORK/frame" >"$WORK/top.log" 2>&1 ||
  fail "top on a terminal"
cat "$WORK/frame"

step "without a terminal: one frame, of everything, without colours"
"$USWITCH" top --control /run/main.sock --interval 300ms >"$WORK/once.log"
expect_text "the first line" "$WORK/once.log" '^uswitch [0-9.]+  up [0-9.]+ s  3/3 ports '
expect_text "web" "$WORK/once.log" '^web +office +[0-9.]+ kb/s +[0-9.]+ /s .* 7$'
expect_text "drops" "$WORK/once.log" '^guard_mac +0 /s +7 +web 7$'
expect_equal "escapes" "$(grep -c $'\033' "$WORK/once.log" || true)" 0
status=0
"$USWITCH" top --control /run/nobody.sock 2>"$WORK/nobody.log" || status=$?
expect_equal "exit code without a daemon" "$status" 3

step "colours of show: on a terminal, unless NO_COLOR says no"
on_terminal() { script -qec "$*" /dev/null </dev/null; }
coloured() { on_terminal "$1 $USWITCH show ports --control /run/main.sock" | grep -c $'\033' || true; }
expect "colours on a terminal" "$(coloured 'env -u NO_COLOR') > 0"
expect_equal "colours with NO_COLOR" "$(coloured NO_COLOR=1)" 0
expect_equal "colours in a file" "$("$USWITCH" show ports --control /run/main.sock | grep -c $'\033' || true)" 0

step "every table, and as JSON what docs/control.md promises"
for what in status ports networks fdb neighbours routes connections drops workers config; do
  "$USWITCH" show $what --control /run/main.sock >"$WORK/$what.log" || fail "show $what"
  [[ -s $WORK/$what.log ]] || fail "show $what prints nothing"
  show $what >"$WORK/$what.json"
  python3 "$HERE/documented.py" "$HERE/../../docs/control.md" $what "$WORK/$what.json" || fail "show $what --json"
done
expect_text "status" "$WORK/status.log" '^neighbours +[0-9]+ +131 k +0 %$'
expect_text "networks" "$WORK/networks.log" '^outside +198.51.100.1/24 +[0-9a-f:]{17} +outside +1500 +1 +8192 +wan$'
