#!/bin/bash
# workers: 1 2
# Captures of the running switch: what they see, and that tshark and tcpdump read them.
#
#   web .11 (tap) ---+                                                    peer .9 (tap)
#   db  .12 (veth) --+=== office 10.0.0.1 == router == outside 198.51.100.1 ===+
#
# office is masqueraded. Proves PC-3 to PC-7, TR-17 (a slow reader) and the command `uswitch capture`.
source "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "there is no tshark (see scripts/packages-test)"
export HOME=$WORK  # tshark looks there for settings

start_uswitch main <<YAML
networks:
  office:  {router: [10.0.0.1/24]}
  outside: {router: [198.51.100.1/24]}
ports:
  web:  {type: tap,  netns: web,  device: eth0, network: office,  address: [10.0.0.11/24], routes: default}
  db:   {type: veth, netns: db,   device: eth0, network: office,  address: [10.0.0.12/24], routes: default}
  peer: {type: tap,  netns: peer, device: eth0, network: outside, address: [198.51.100.9/24]}
nat:
  masquerade: [{from: 10.0.0.0/24, out: outside}]
YAML
# All stations are known to each other, so that captures hold what they are about alone.
ping_all web 10.0.0.12 1
ping_all web 198.51.100.9 1
ping_all db 198.51.100.9 1

uswitch_capture() {  # LOG OPTIONS...; sets capture_pid. It runs once the workers know of it.
  "$USWITCH" capture --control /run/main.sock "${@:2}" >"$WORK/$1" 2>"$WORK/$1.err" &
  capture_pid=$!
}
is_begun() { [[ -s $1 ]]; }
end_capture() {  # SIGNAL
  kill "-$1" "$capture_pid"
  wait_until 5 "uswitch capture ends" has_ended "$capture_pid"
  local status=0
  wait "$capture_pid" || status=$?
  expect_equal "exit code of uswitch capture" "$status" 0
}
decode() {  # FILE FIELD...: a line a packet into $WORK/decoded, by tshark
  tshark -n -r "$1" -T fields $(printf -- '-e %s ' "${@:2}") >"$WORK/decoded" 2>"$WORK/tshark.log" || fail "tshark reads $1"
}

step "a ping through NAT: each appearance, on its interface, with its id, way and fate"
uswitch_capture ping.log -w "$WORK/ping.pcapng" --filter "icmp"
wait_until 3 "the capture has begun" is_begun "$WORK/ping.pcapng"
ping_all web 198.51.100.9 1
end_capture INT
expect_equal "what it says at the end" "$(cat "$WORK/ping.log.err")" "4 packets captured, 0 lost"
decode "$WORK/ping.pcapng" frame.interface_name frame.packet_flags_direction ip.src ip.dst frame.comment \
  frame.packet_id frame.packet_flags_reception_type frame.interface_description frame.time_epoch
expect_equal "appearances" "$(cut -f 1-5 "$WORK/decoded" | sed 's/0x0*//; s/\t/ /g')" "web 1 10.0.0.11 198.51.100.9 to port peer
peer 2 198.51.100.1 198.51.100.9 from port web
peer 1 198.51.100.9 198.51.100.1 to port web
web 2 198.51.100.9 10.0.0.11 from port peer"
mapfile -t ids < <(cut -f 6 "$WORK/decoded")
expect_equal "id of the request after NAT" "${ids[1]}" "${ids[0]}"
expect_equal "id of the answer after NAT" "${ids[3]}" "${ids[2]}"
[[ ${ids[0]} != "${ids[2]}" ]] || fail "request and answer have one id"
expect_equal "reception" "$(cut -f 7 "$WORK/decoded" | sort -u)" 1
expect_text "what inbound means" "$WORK/decoded" "inbound is into the switch"
age=$(($(date +%s) - $(cut -f 9 "$WORK/decoded" | head -n 1 | cut -d. -f 1)))
expect "seconds since the first packet" "$age >= 0 && $age < 30"
capinfos "$WORK/ping.pcapng" >"$WORK/capinfos.txt" 2>&1
expect_text "interfaces" "$WORK/capinfos.txt" "Number of interfaces in file: 2"
expect_text "time precision" "$WORK/capinfos.txt" "nanoseconds"
expect_text "filter" "$WORK/capinfos.txt" "Filter string = icmp"
expect_text "statistics" "$WORK/capinfos.txt" "Number of stat entries = 1"
expect_equal "tcpdump reads it" "$(frames_in "$WORK/ping.pcapng" icmp)" 4

step "lines for people, with a count"
uswitch_capture lines.log --filter "udp port 9" --port web --count 1
: >"$WORK/lines.sent"
wait_until 5 "the packet is seen" eval 'in_ns web bash -c "echo hello >/dev/udp/10.0.0.12/9"; has_ended $capture_pid'
wait "$capture_pid"
expect_text "line" "$WORK/lines.log" '^[0-9:.]{18} #[0-9a-f]+ web in IPv4 10\.0\.0\.11:[0-9]+ > 10\.0\.0\.12:9 UDP len 6, 48 B \(to port db\)$'
expect_equal "totals" "$(cat "$WORK/lines.log.err")" "1 packets captured, 0 lost"

step "offload requests are flags (PC-5)"
iperf_server db
uswitch_capture tcp.log -w "$WORK/tcp.pcapng" --filter "tcp and src host 10.0.0.11" --port web --snaplen 128
wait_until 3 "the capture has begun" is_begun "$WORK/tcp.pcapng"
iperf web 10.0.0.12 -n 2M >/dev/null
end_capture TERM
decode "$WORK/tcp.pcapng" frame.packet_flags frame.len frame.cap_len
while read -r flags length captured; do
  ((flags & 0x800 && length > 3000)) && big=1
  ((!(flags & 0x800) || flags & 0x200)) || fail "a super-segment with a checksum"
  ((captured <= 128)) || fail "$captured bytes captured"
done <"$WORK/decoded"
expect_equal "there are super-segments" "${big:-}" 1

step "drops alone, with their reasons"
before=$(drops guard_mac web)
uswitch_capture drops.log -w "$WORK/drops.pcapng" --drops
wait_until 3 "the capture has begun" is_begun "$WORK/drops.pcapng"
ping_all web 10.0.0.12 2
frames web eth0 foreign_mac 3
all_dropped() { (($(drops guard_mac web) - before == 3)); }
wait_until 3 "drops" all_dropped
end_capture INT
decode "$WORK/drops.pcapng" frame.interface_name frame.comment
expect_equal "reasons of web's drops" "$(grep ^web "$WORK/decoded" | sort | uniq -c | xargs)" \
  "3 web drop: guard_mac: The endpoint used a source MAC that is not its own."

step "show drops has the last packet and its time"
"$USWITCH" show drops --control /run/main.sock >"$WORK/drops.txt"
expect_text "last drop" "$WORK/drops.txt" \
  '^guard_mac +[0-9.]+ s ago  web +02:bb:bb:bb:bb:bb > 02:aa:aa:aa:aa:aa type 0x88b5 len 46, 60 B$'
expect_equal "the same for programs" "$(show drops | jq -r '.drops[] | select(.reason == "guard_mac") | .last.port')" web

step "a trace tells what the stages did and what became of the packet"
"$USWITCH" trace --control /run/main.sock --filter "icmp and src host 10.0.0.11" --count 1 >"$WORK/trace.txt" 2>"$WORK/trace.err" &
capture_pid=$!
traced() { in_ns web ping -n -q -c 1 -W 1 198.51.100.9 >/dev/null; has_ended $capture_pid; }
wait_until 5 "a packet is traced" traced
wait "$capture_pid"
expect_text "header" "$WORK/trace.txt" '^[0-9:.]{18} #[0-9a-f]+ web: IPv4 10.0.0.11 > 198.51.100.9 ICMP echo request'
expect_text "nat" "$WORK/trace.txt" '^  nat +.*10.0.0.11'
expect_text "route" "$WORK/trace.txt" '^  route +198.51.100.9 -> '
expect_text "end" "$WORK/trace.txt" '^  end +to port peer$'
expect_text "what left" "$WORK/trace.txt" '^  left +by peer: IPv4 198.51.100.1 > 198.51.100.9 ICMP echo request'
expect_equal "packets traced" "$(grep -c '^[^ ]' "$WORK/trace.txt")" 1

step "rotation: each file stands for itself"
uswitch_capture ring.log -w "$WORK/ring.pcapng" --rotate-size 20k --rotate-count 3 --filter icmp
wait_until 3 "the capture has begun" is_begun "$WORK/ring.pcapng"
ping_all web 10.0.0.12 30 -s 1000
end_capture INT
expect_equal "files" "$(cd "$WORK" && echo ring.pcapng*)" "ring.pcapng ring.pcapng.1 ring.pcapng.2"
for file in "$WORK"/ring.pcapng*; do
  expect "bytes of $file" "$(stat -c %s "$file") <= 20000"
  expect "packets in $file" "$(frames_in "$file" icmp) > 0"
done
expect "packets in the file before the last" "$(frames_in "$WORK/ring.pcapng.1" icmp) > 5"

step "a pipe: tcpdump reads while it goes on"
mkfifo "$WORK/pipe"
tcpdump -n -l -r "$WORK/pipe" >"$WORK/pipe.txt" 2>"$WORK/pipe.log" &
reader=$!
"$USWITCH" capture --control /run/main.sock -w - --filter "icmp and host 10.0.0.12" >"$WORK/pipe" 2>"$WORK/pipe.err" &
capture_pid=$!
seen_in_pipe() { in_ns web ping -n -q -c 1 -W 1 10.0.0.12 >/dev/null; grep -q "echo request" "$WORK/pipe.txt"; }
wait_until 5 "tcpdump shows what comes" seen_in_pipe
kill "$reader"
wait "$reader" || true
gone_with_reader() { in_ns web ping -n -q -c 1 -W 1 10.0.0.12 >/dev/null; has_ended $capture_pid; }
wait_until 5 "the capture ends with its reader" gone_with_reader
expect_text "why it ended" "$WORK/pipe.err" "Broken pipe"

step "a reader that does not read loses captures, not traffic (TR-17)"
mkfifo "$WORK/stuck"
"$USWITCH" capture --control /run/main.sock -w - >"$WORK/stuck" 2>"$WORK/stuck.err" &
capture_pid=$!
exec 9<"$WORK/stuck"
iperf web 10.0.0.12 -n 20M >/dev/null
ping_all web 10.0.0.12 5
ping_all db 198.51.100.9 5
cat <&9 >"$WORK/stuck.pcapng" &
reader=$!
exec 9<&-
all_is_read() {
  local size
  size=$(stat -c %s "$WORK/stuck.pcapng")
  sleep 0.2
  [[ $size != 0 && $(stat -c %s "$WORK/stuck.pcapng") == "$size" ]]
}
wait_until 5 "what was kept has been read" all_is_read
ping_all web 10.0.0.12 3  # each worker's next packets say what was lost before them
ping_all db 198.51.100.9 3
kill -INT "$capture_pid"
wait_until 10 "uswitch capture ends" has_ended "$capture_pid"
wait "$capture_pid"
wait "$reader"
expect_text "lost" "$WORK/stuck.err" '^[0-9]+ packets captured, [1-9][0-9]* lost$'
decode "$WORK/stuck.pcapng" frame.drop_count
expect_equal "packets that tshark reads" "$(wc -l <"$WORK/decoded")" "$(cut -d' ' -f1 "$WORK/stuck.err")"
expect "losses told in packets" "$(grep -c . "$WORK/decoded") > 0"

step "a client that vanishes leaves nothing behind, and there is a most at once"
pids=()
for n in {1..8}; do
  uswitch_capture "many$n" -w "$WORK/many$n.pcapng"
  pids+=("$capture_pid")
  wait_until 3 "capture $n has begun" is_begun "$WORK/many$n.pcapng"
done
status=0
"$USWITCH" capture --control /run/main.sock -w "$WORK/ninth.pcapng" 2>"$WORK/ninth.err" || status=$?
expect_equal "exit code of the ninth" "$status" 1
expect_text "the ninth" "$WORK/ninth.err" "8 captures run already"
kill -KILL "${pids[@]}"
for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
has_room() {  # a place may still be taken by one that uswitch has not noticed to be gone
  uswitch_capture room -w "$WORK/room.pcapng"
  wait_until 5 "uswitch answers" eval 'is_begun "$WORK/room.pcapng" || has_ended $capture_pid'
  is_begun "$WORK/room.pcapng"
}
wait_until 5 "their places are free again" has_room
end_capture INT

step "what is wrong is said"
refused() {  # CODE TEXT OPTIONS...
  local code=0
  timeout 5 "$USWITCH" capture --control "${CONTROL:-/run/main.sock}" "${@:3}" >/dev/null 2>"$WORK/refused.err" || code=$?
  expect_equal "exit code of capture ${*:3}" "$code" "$1"
  expect_text "capture ${*:3}" "$WORK/refused.err" "$2"
}
refused 2 "filter 'tcp prt 80': can't parse filter expression: syntax error" --filter "tcp prt 80"
refused 2 "no port 'wbe'; there are web, db, peer" --port wbe
refused 2 "snaplen is '3', it takes 14 to" --snaplen 3
refused 2 "needs a file" --rotate-size 10M
refused 2 "is no size" -w "$WORK/x" --rotate-size much
refused 1 "cannot write /no/such/file: No such file" -w /no/such/file
CONTROL=/run/none.sock refused 3 "no uswitch answers on /run/none.sock"

stop_uswitch main
