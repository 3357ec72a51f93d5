#!/bin/bash
# workers: 1 4
# io: read_write
# A namespace beside a hundred others on one switch: start, reach, broadcast, idle cost, stop.
#
#   n1 (tap)  n2 (veth)  n3 (tap)  ...  n100 (veth)  n101 (tap)  --- network lan
#
# Proves "a namespace added to 100 others" and "idle: asleep" of the design. Prints the figures.
source "$(dirname "$0")/lib.sh"

now() { date +%s%N; }
milliseconds_since() { echo $((($(now) - $1) / 1000000)); }

started=$(now)
start_uswitch main < <(
  echo "networks: {lan: {}}"
  echo "ports:"
  for ((n = 1; n <= 101; ++n)); do
    echo "  n$n: {type: $( ((n % 2)) && echo tap || echo veth), netns: n$n, device: eth0, network: lan, address: [10.0.1.$n/16]}"
  done
)
start_ms=$(milliseconds_since "$started")
pid=${uswitch_pid[main]}
echo "101 ports are up after $start_ms ms"
expect "milliseconds to start" "$start_ms < 10000"

step "the first, the last and one in the middle reach each other"
ping_all n101 10.0.1.1; ping_all n1 10.0.1.101; ping_all n50 10.0.1.101; ping_all n2 10.0.1.100

step "a broadcast reaches everybody else, once"
for n in 1 51 100 101; do capture n$n eth0 "$WORK/n$n.pcap" "ether proto 0x88b5"; captures+=("$capture_pid"); done
sent_before=$(show ports | jq '[.ports[].tx_packets]')
frames n101 eth0 broadcast 40
everybody_got() {
  show ports | jq -e --argjson before "$sent_before" \
    '[.ports, $before] | transpose | map(select(.[0].name != "n101") | .[0].tx_packets - .[1]) | min >= 40' >/dev/null
}
wait_until 5 "40 broadcasts are sent to each of 100 ports" everybody_got
for p in "${captures[@]}"; do stop_capture "$p"; done
for n in 1 51 100; do expect_equal "broadcasts in n$n" "$(frames_in "$WORK/n$n.pcap")" 40; done
expect_equal "broadcasts in n101: its own only" "$(frames_in "$WORK/n101.pcap")" 40

step "idle"
packets() { show ports | jq '[.ports[].rx_packets] | add'; }
ticks() { awk '{print $14 + $15}' "/proc/$pid/stat"; }
idle_percent=100
for _ in 1 2 3; do  # the namespaces themselves look for routers at first: measure when they are quiet
  packets_before=$(packets) before=$(ticks)
  sleep 5
  used=$(($(ticks) - before))
  idle_percent=$((used * 100 / (5 * $(getconf CLK_TCK))))
  echo "idle for 5 s with 101 ports: $used ticks of $((1000 / $(getconf CLK_TCK))) ms, $idle_percent% of a core, $(($(packets) - packets_before)) packets"
  ((idle_percent >= 2)) || break
done
expect "percent of a core when idle" "$idle_percent < 2"
memory=$(awk '/^VmRSS/ {print $2}' "/proc/$pid/status")
echo "memory: $memory KiB resident"
expect "KiB resident" "$memory < 128 * 1024"

step "stop"
started=$(now)
stop_uswitch main
echo "stopped and cleaned up after $(milliseconds_since "$started") ms"
expect_equal "namespaces left" "$(ls /run/netns | wc -l)" 0
