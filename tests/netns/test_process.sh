#!/bin/bash
# The process: exit codes, one owner of a device and of a socket, kill -9, both signals, bad files.
#
#   a (tap) --- uswitch main --- b (veth)        raw0 --- raw1 (veth pair: somebody's existing device)
#
# Proves the command line of the contract: exit 0 on a clean stop, 1 on a failure, 2 on a bad
# configuration, 3 without a daemon; refusals touch nothing.
source "$(dirname "$0")/lib.sh"

step "no daemon: exit 3 and one line"
status=0
"$USWITCH" show ports --control /run/nobody.sock >"$WORK/show.log" 2>&1 || status=$?
expect_equal "exit code of show" "$status" 3
expect_equal "lines of show" "$(wc -l <"$WORK/show.log")" 1

step "a bad configuration: exit 2, file, line, column, remedy, nothing touched"
cat >"$WORK/bad.yaml" <<YAML
networks: {office: {}}
ports:
  web: {type: tap, netns: web, device: eth0, network: ofice}
YAML
refused_uswitch bad 2
expect_text "refusal" "$WORK/bad.log" "bad.yaml:3:[0-9]+: .*ofice.*did you mean 'office'"
status=0
"$USWITCH" --config "$WORK/bad.yaml" --check >"$WORK/check.log" 2>&1 || status=$?
expect_equal "exit code of --check" "$status" 2
expect_equal "namespaces" "$(ls /run/netns)" ""

ip link add raw0 type veth peer name raw1
start_uswitch main <<YAML
networks: {lan: {}}
ports:
  a: {type: tap,  netns: a, device: eth0, network: lan, address: [10.0.0.1/24]}
  b: {type: veth, netns: b, device: eth0, network: lan, address: [10.0.0.2/24]}
  r: {type: raw,  device: raw0, network: lan}
YAML
"$USWITCH" --config "$WORK/main.yaml" --check >/dev/null || fail "--check refuses the running configuration"
expect_equal "mode of the control socket" "$(stat -c %a /run/main.sock)" 600
expect_equal "status by curl" "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket /run/main.sock http://uswitch/v1/ports)" 200

second() {  # PORT-LINE REGEX: another uswitch that wants the same is told why not, and the first goes on
  refused_uswitch second 1 <<<"networks: {lan: {}}
ports: {x: {$1, network: lan}}"
  expect_equal "errors of the second uswitch" "$(grep -c error "$WORK/second.log")" 1
  expect_text "error of the second uswitch" "$WORK/second.log" "$2"
  [[ ! -e /run/second.sock ]] || fail "the second uswitch left its socket"
  ping_all a 10.0.0.2
}
step "a second uswitch on the same device: exit 1, a clear error, the first unaffected"
second 'type: tap, netns: a, device: eth0' 'eth0.*(exists|in use|busy)'
second 'type: veth, netns: b, device: eth0' 'eth0.*(exists|in use|busy)'
second 'type: raw, device: raw0' 'raw0.*uswitch'
step "a device that does not exist"
second 'type: raw, device: nothing0' 'nothing0'
step "a second uswitch on the same control socket"
sed 's/eth0/eth7/; s/raw0/raw1/' "$WORK/main.yaml" >"$WORK/same_socket.yaml"
refused_uswitch same_socket 1
expect_text "error" "$WORK/same_socket.log" '/run/main.sock'
ping_all a 10.0.0.2

step "kill -9 and start again"
for _ in 1 2; do
  kill -KILL "${uswitch_pid[main]}"
  wait_until 5 "uswitch dies" has_ended "${uswitch_pid[main]}"
  start_uswitch main
  ping_all a 10.0.0.2
done

step "SIGTERM leaves nothing behind, and what was there before"
stop_uswitch main
expect_equal "namespaces" "$(ls /run/netns)" ""
expect_equal "links" "$(ip -br link | awk '{print $1}' | sort | tr '\n' ' ')" "lo raw0@raw1 raw1@raw0 "
expect_equal "files under /run" "$(find /run -path "$WORK" -prune -o \( -type f -o -type s \) -print)" ""

step "SIGINT is a clean stop too"
start_uswitch main
kill -INT "${uswitch_pid[main]}" && pid=${uswitch_pid[main]}
wait_until 10 "uswitch ends on SIGINT" has_ended "$pid"
wait "$pid" || fail "exit code $? on SIGINT"

step "systemd is told: ready, alive each second, stopping"
python3 "$HERE/notify.py" /run/notify.sock READY=1 WATCHDOG=1 STOPPING=1 >"$WORK/notify.log" 2>&1 &
listener=$!
wait_until 5 "somebody listens for systemd" test -S /run/notify.sock
NOTIFY_SOCKET=/run/notify.sock start_uswitch main
told_alive() { grep -A1 READY=1 "$WORK/notify.log" | grep -q WATCHDOG=1; }
wait_until 5 "the watchdog is told after the start" told_alive
stop_uswitch main
wait $listener || fail "what systemd was told"

step "the capabilities and limits of the service's unit suffice"
unit=$HERE/../../packaging/uswitch.service
bounding=$(sed -n 's/^CapabilityBoundingSet=//p' "$unit" | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
cat >"$WORK/confined" <<SH
#!/bin/bash
exec setpriv --no-new-privs --bounding-set="-all,$bounding" "$USWITCH" "\$@"
SH
chmod +x "$WORK/confined"
(USWITCH=$WORK/confined && start_uswitch main && ping_all a 10.0.0.2 &&
  expect_equal "capabilities" "$(awk '/^CapBnd/ {print $2}' "/proc/${uswitch_pid[main]}/status")" 0000000000203000 && stop_uswitch main)
