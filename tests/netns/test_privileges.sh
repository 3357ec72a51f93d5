#!/bin/bash
# What uswitch may do once it runs: no more than devices and namespaces take, and nothing at all in the
# threads that forward; as another user when the configuration says so.
#
#   a (tap) --+-- office --+-- b (veth)
source "$(dirname "$0")/lib.sh"

readonly DEVICES=0000000000203000  # CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN
readonly BIND=0000000000203400     # and CAP_NET_BIND_SERVICE
readonly NONE=0000000000000000

of() { awk -v key="$2:" '$1 == key {print $2}' "/proc/$1/status"; }  # PROCESS FIELD
of_threads() { grep -h "^$2:" /proc/"$1"/task/*/status | sort | uniq -c | awk '{print $1 "x" $3}' | xargs; }
config() {  # KEYS
  cat <<YAML
$1
networks: {office: {router: [10.0.0.1/24]}}
ports:
  a: {type: tap,  netns: a, device: eth0, network: office, address: [10.0.0.11/24]}
  b: {type: veth, netns: b, device: eth0, network: office, address: [10.0.0.21/24]}
YAML
}
expect_set() {  # FIELD WANTED
  expect_equal "$1 of uswitch" "$(of "${uswitch_pid[main]}" "$1")" "$2"
}

step "the three capabilities, and none in the workers"
start_uswitch main < <(config "")
for set in CapPrm CapEff CapBnd; do expect_set $set $DEVICES; done
expect_set CapInh $NONE
expect_set NoNewPrivs 1
pid=${uswitch_pid[main]}
expect_equal "permitted of all threads" "$(of_threads "$pid" CapPrm)" "${WORKERS}x$NONE 1x$DEVICES"
expect_equal "mode of the control socket" "$(stat -c '%a %U' /run/main.sock)" "600 root"

step "they are enough for what comes later"
{ config ""; echo "  c: {type: tap, netns: c, device: eth0, network: office, address: [10.0.0.31/24, \"fd00::31/64\"]}"
  echo "  d: {type: veth, netns: d, device: eth0, network: office}"; } | write_config main
timeout 20 "$USWITCH" reload --control /run/main.sock >/dev/null || fail "reload"
ping_all c 10.0.0.11 2
ping_all a 10.0.0.21 2
stop_uswitch main
expect_equal "namespaces left" "$(ls /run/netns)" ""

step "with published ports of the host, those below 1024 too"
start_uswitch main < <(config "nat: {publish: [{on: host, port: 80, to: \"10.0.0.11:80\"}]}
"; echo "  host: {type: tap, device: usw0, network: office, address: [10.0.0.254/24]}")
expect_set CapEff $BIND
expect_equal "effective in other threads" "$(of_threads "${uswitch_pid[main]}" CapEff)" "$((WORKERS + 1))x$NONE 1x$BIND"
stop_uswitch main

step "as another user"
start_uswitch main < <(config "user: nobody")
pid=${uswitch_pid[main]}
nobody=$(id -u nobody)
expect_equal "users of the threads" "$(grep -h ^Uid: /proc/"$pid"/task/*/status | sort -u | xargs)" \
  "Uid: $nobody $nobody $nobody $nobody"
expect_equal "groups" "$(of "$pid" Gid) $(of "$pid" Groups)" "$(id -g nobody) $(id -g nobody)"
expect_set CapEff $DEVICES
expect_equal "mode of the control socket" "$(stat -c '%a %U' /run/main.sock)" "600 nobody"
ping_all a 10.0.0.21 2
ip netns add c
ip link add eth7 type veth peer name far7
chmod a+r "$WORK/main.yaml"
{ config "user: nobody"
  echo "  c: {type: tap, netns: c, device: eth0, network: office, address: [10.0.0.31/24, \"fd00::31/64\"]}"
  echo "  d: {type: veth, netns: c, device: eth1, network: office}"
  echo "  e: {type: raw, device: eth7, network: office}"; } | write_config main
timeout 20 "$USWITCH" reload --control /run/main.sock >/dev/null || fail "reload as another user"
ping_all c 10.0.0.11 2
config "user: root" | write_config main
timeout 20 "$USWITCH" reload --control /run/main.sock 2>"$WORK/reload.err" && fail "another user by reload"
expect_text "why" "$WORK/reload.err" "'user' cannot be changed"
kill -TERM "$pid"
wait_until 10 "uswitch ends" has_ended "$pid"
wait "$pid" || fail "exit code"
unset "uswitch_pid[main]"

step "a user that is not there, a socket where others could put theirs"
refused_uswitch other 1 < <(config "user: nobody-of-that-name")
expect_text "why" "$WORK/other.log" "there is no such user"
mkdir -m 0777 "$WORK/open"
install -d -o nobody "$WORK/theirs"
for place in open theirs; do
  config "" | write_config other
  status=0
  timeout 20 "$USWITCH" --config "$WORK/other.yaml" --control "$WORK/$place/s" >"$WORK/other.log" 2>&1 || status=$?
  expect_equal "exit code with a socket in $place" "$status" 1
  expect_text "why" "$WORK/other.log" "$WORK/$place (is writable by everybody|belongs to another user)"
done
