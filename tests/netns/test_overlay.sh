#!/bin/bash
# workers: 1 2
# Three nodes, each with its own uswitch, carry networks over VXLAN in full mesh (scenario 6).
#
#   web 10.0.0.1 (tap) ---- n1 192.0.2.1 ---+        office: VNI 42 on all three
#   db  10.0.0.2 (veth) --- n2 192.0.2.2 ---+ wire   lab: VNI 43 on n1 and n2, with the stations' addresses
#   app 10.0.0.3 (tap) ---- n3 192.0.2.3 ---+          and MACs of office once more
#                                                    plain: type udp on n1 and n2, over IPv6
#
# Proves VX-5, VX-7 to VX-10, TR-6 and TR-7 end to end; a node that is killed hurts nobody else, and works again
# as soon as it is back.
source "$(dirname "$0")/lib.sh"
source "$HERE/nodes.sh"

for i in 1 2 3; do node n$i $i; done

tap_or_veth=([1]=tap [2]=veth [3]=tap)
endpoint() {  # NODE-NUMBER NAME NETWORK MAC-BYTE
  echo "  $2: {type: ${tap_or_veth[$1]}, netns: $2, device: eth0, network: $3, mac: '02:00:00:00:$4:0$1'," \
    "address: [10.0.0.$1/24, 'fd00::$1/64']}"
}
everywhere() {  # NODE-NUMBER NAME: networks, the endpoint in office, tunnels to the two others
  local others=([1]="192.0.2.2, 192.0.2.3" [2]="192.0.2.1, 192.0.2.3" [3]="192.0.2.1, 192.0.2.2")
  echo "networks: {office: {}, lab: {}, plain: {}}"
  echo "tunnels:"
  echo "  mesh: {type: vxlan, network: office, vni: 42, local: 192.0.2.$1, remotes: [${others[$1]}]}"
  (($1 == 3)) || echo "  lab: {type: vxlan, network: lab, vni: 43, local: 192.0.2.$1, remotes: [192.0.2.$((3 - $1))]}"
  (($1 == 3)) || echo "  plain: {type: udp, network: plain, local: '2001:db8::$1', remotes: ['2001:db8::$((3 - $1))']}"
  echo "ports:"
  endpoint "$1" "$2" office 01
}
start_node n1 <<<"$(everywhere 1 web; endpoint 1 lab1 lab 01; endpoint 1 plain1 plain 02)"
start_node n2 <<<"$(everywhere 2 db; endpoint 2 lab2 lab 01; endpoint 2 plain2 plain 02)"
start_node n3 <<<"$(everywhere 3 app)"

step "everybody reaches everybody, and the endpoints have the MTU that fits"
for from in web db app; do
  for to in 1 2 3; do ping_all $from 10.0.0.$to 3; ping_all $from fd00::$to 3; done
  expect_equal "MTU of $from" "$(link $from eth0 .mtu)" 1450
done
for to in 10.0.0.2 fd00::2; do ping_all lab1 $to 3; ping_all plain1 $to 3; done
expect_equal "MTU over IPv6 in plain UDP" "$(link plain1 eth0 .mtu)" 1434
ping_all web 10.0.0.2 3 -s 8000
ping_all plain1 fd00::2 3 -s 8000

step "a remote's stations, its path and when it was heard are shown"
expect_equal "path of mesh to n3" "$(tunnel n1 mesh 'remote + " " + (.path_mtu | tostring)' | sort | tr '\n' ';')" \
  "192.0.2.2 1500;192.0.2.3 1500;"
expect_equal "stations behind them" "$(tunnel n1 mesh macs | tr '\n' ' ')" "1 1 "
expect "last heard of lab" "$(tunnel n1 lab last_heard) < 60"
expect_equal "app is behind n3" "$(show fdb n1 | jq -r '.fdb[] | select(.mac == "02:00:00:00:01:03") | .port')" mesh/192.0.2.3
"$USWITCH" show tunnels --control /run/n1.sock >"$WORK/tunnels.log"
expect_text "the table" "$WORK/tunnels.log" "mesh .*office .*42 .*192.0.2.1 .*192.0.2.3 .*1500"

step "10000 broadcasts arrive once each, nowhere else, and no station moves (TR-7, VX-9, VX-10)"
declare -A capturing=()
for ns in db app lab2 plain2; do
  capture $ns eth0 "$WORK/$ns.pcap" -s 64 ether proto 0x88b5
  capturing[$ns]=$capture_pid
done
taken=$(port web rx_packets n1)
frames web eth0 broadcast 10000
taken_all() { (($(port web rx_packets n1) >= taken + 10000)); }
wait_until 10 "n1 has taken the broadcasts" taken_all
ping_all web 10.0.0.2 1; ping_all web 10.0.0.3 1  # behind them on each way
for ns in db app lab2 plain2; do stop_capture "${capturing[$ns]}"; done
expect_equal "broadcasts to db" "$(frames_in "$WORK/db.pcap")" 10000
expect_equal "broadcasts to app" "$(frames_in "$WORK/app.pcap")" 10000
expect_equal "broadcasts to lab" "$(frames_in "$WORK/lab2.pcap")" 0
expect_equal "broadcasts to plain" "$(frames_in "$WORK/plain2.pcap")" 0
for n in n1 n2 n3; do expect_equal "moves on $n" "$(show ports $n | jq '[.ports[].moves] | add')" 0; done

step "bulk both ways, byte by byte"
iperf_server db; iperf_server plain2
expect "bytes web to db" "$(iperf web 10.0.0.2 -n 40M) > 20 << 20"
expect "bytes db to web" "$(iperf web 10.0.0.2 -R -n 40M) > 20 << 20"
expect "bytes over IPv6" "$(iperf plain1 fd00::2 -n 40M) > 20 << 20"
udp web db 10.0.0.2 -b 40M -n 500K -l 8000
same_bytes web app 10.0.0.3

step "on the wire: no outer fragment, nothing too long, no wrong checksum (TR-6, VX-6)"
for n in n1 n2; do like_a_wire $n; done
capture n2 eth0 "$WORK/wire.pcap" -B 32768 udp and not host 192.0.2.3
expect "bytes web to db" "$(iperf web 10.0.0.2 -n 4M) > 1 << 20"
expect "bytes db to web" "$(iperf web 10.0.0.2 -R -n 4M) > 1 << 20"
expect "bytes over IPv6" "$(iperf plain1 fd00::2 -n 4M) > 1 << 20"
udp web db 10.0.0.2 -b 40M -n 200K -l 8000
stop_capture "$capture_pid"
expect_clean_wire "$WORK/wire.pcap" 1500

step "a node that is killed hurts nobody, and works again as soon as it is back"
kill_node n3
ping_all web 10.0.0.2 10
ping_none web 10.0.0.3
start_node n3
ping_all web 10.0.0.3
ping_all app 10.0.0.2

for n in n1 n2 n3; do stop_uswitch $n; done
