#!/bin/bash
# Hostile clients of the control socket: a thousand connections, requests that never end, bodies of a
# gigabyte, garbage. Traffic does not notice, others are answered, memory stays bounded.
#
#   a (tap) --+-- office --+-- b (veth)        a sends b 1000 numbered datagrams a second meanwhile
source "$(dirname "$0")/lib.sh"

start_uswitch main <<YAML
networks: {office: {}}
ports:
  a: {type: tap,  netns: a, device: eth0, network: office, address: [10.0.0.1/24]}
  b: {type: veth, netns: b, device: eth0, network: office, address: [10.0.0.2/24]}
YAML
pid=${uswitch_pid[main]}
memory() { awk '/^RssAnon/ {print $2}' "/proc/$pid/status"; }
ping_all a 10.0.0.2 2
nsenter --net=/run/netns/b python3 "$HERE/stream.py" receive 7000 >"$WORK/received" & receiver=$!
bound() { in_ns b ss -Hlun "sport = :7000" | grep -q .; }
wait_until 5 "a receiver" bound
nsenter --net=/run/netns/a python3 "$HERE/stream.py" send 10.0.0.2 7000 1000 >"$WORK/sent" & sender=$!
before=$(memory)

step "each abuse, and others are answered"
abuse() { timeout 30 python3 "$HERE/abuse.py" /run/main.sock "$1" || fail "abuse: $1"; }
for kind in garbage huge_header huge_body chunks half_requests connections unread_answers; do
  abuse $kind
  expect "memory after $kind, KiB more" "$(memory) - before < 64 * 1024"
  show ports >/dev/null || fail "no answer after $kind"
done

step "nothing was lost"
kill -TERM $sender
wait $sender
all_there() { [[ $(in_ns b ss -Hlun "sport = :7000" | awk '{print $2}') == 0 ]]; }
wait_until 5 "the receiver has read all" all_there
kill -TERM $receiver
wait $receiver
expect "datagrams sent" "$(cat "$WORK/sent") > 500"
expect_equal "received, lost, twice and out of order" "$(cat "$WORK/received")" "$(cat "$WORK/sent") 0 0 0"
stop_uswitch main
