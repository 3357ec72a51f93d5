#!/bin/bash
# workers: 1 2
# Namespaces reach the outside behind one address (scenario 4), and the outside reaches published ports
# (scenario 5), IPv4 and IPv6, TCP, UDP and ICMP, all translated and tracked by uswitch.
#
#   web .11 (tap) ----+                                             wan                 up0
#   db  .21 (veth) ---+=== office 10.0.0.1      outside 198.51.100.1 === raw ===veth=== isp 198.51.100.254
#   host usw0 .254 ---+    fd00:a::1    router  2001:db8::1                                 203.0.113.7
#   robot (tap) ------==== lab 10.1.0.1                                                     2001:db8::fe
#
# Proves NG-7, U-1, U-9, T-8, HP-1, HP-2, I-4, TR-1, TR-5, TR-12, TR-19 end to end; nothing unsolicited gets in.
source "$(dirname "$0")/lib.sh"

ip netns add isp
ip link add wan type veth peer name up0 netns isp
ip -n isp link set lo up
ip -n isp link set up0 up
ip -n isp address add 198.51.100.254/24 dev up0
ip -n isp address add 203.0.113.7/32 dev lo
ip -n isp address add 2001:db8::fe/64 dev up0 nodad
start_uswitch main <<YAML
networks:
  office:  {router: [10.0.0.1/24, fd00:a::1/64]}
  lab:     {router: [10.1.0.1/24]}
  outside: {router: [198.51.100.1/24, 2001:db8::1/64]}
ports:
  web:   {type: tap,  netns: web,   device: eth0, network: office, address: [10.0.0.11/24, fd00:a::11/64], routes: default}
  db:    {type: veth, netns: db,    device: eth0, network: office, address: [10.0.0.21/24, fd00:a::21/64], routes: default}
  robot: {type: tap,  netns: robot, device: eth0, network: lab,    address: [10.1.0.31/24], routes: default}
  brief: {type: tap,  netns: brief, device: eth0, network: office, address: [10.0.0.31/24], routes: default, guard: off}
  host:  {type: tap,  device: usw0, network: office, address: [10.0.0.254/24, fd00:a::254/64]}
  wan:   {type: raw,  device: wan, network: outside}
routes:
  - {to: 0.0.0.0/0, via: 198.51.100.254}
  - {to: "::/0", via: "2001:db8::fe"}
nat:
  masquerade:
    - {from: 10.0.0.0/24, out: outside}
    - {from: 10.1.0.0/24, out: outside}
    - {from: "fd00:a::/64", out: outside}
  publish:
    - {on: outside, port: 8080, proto: tcp, to: "10.0.0.11:80"}
    - {on: outside, port: 9000-9099, proto: [tcp, udp], to: "10.0.0.21"}
    - {on: outside, port: 8080, proto: tcp, to: "[fd00:a::11]:80"}
    - {on: host, port: 8088, proto: tcp, to: "10.0.0.11:80"}
YAML

serve() {  # NAMESPACE PORT
  mkdir -p "$WORK/www_$1"
  echo "hello from $1" >"$WORK/www_$1/index.html"
  nsenter "--net=/run/netns/$1" python3 - "$2" "$WORK/www_$1" >"$WORK/http_$1_$2.log" 2>&1 <<'PY' &
import functools, http.server, socket, sys
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        host = self.client_address[0].removeprefix("::ffff:")
        self.wfile.write(open(self.directory + "/index.html", "rb").read().strip() + b", to " + host.encode() + b"\n")
    def log_message(self, *_): pass
Server(("::", int(sys.argv[1])), functools.partial(Handler, directory=sys.argv[2])).serve_forever()
PY
  wait_until 5 "a server in $1" in_ns "$1" curl -sf -o /dev/null "http://127.0.0.1:$2/"
}
gets() {  # NAMESPACE URL ANSWER
  expect_equal "$1 gets $2" "$(in_ns "$1" curl -sg -m 5 "$2" || true)" "$3"
}
serve web 80; serve db 9001; serve isp 80

step "the inside reaches the outside under the router's address"
for ns in web db robot; do ping_all $ns 203.0.113.7; gets $ns http://203.0.113.7/ "hello from isp, to 198.51.100.1"; done
ping_all web 2001:db8::fe; gets db 'http://[2001:db8::fe]/' "hello from isp, to 2001:db8::1"
ping_all web 203.0.113.7 3 -s 8000
iperf_server isp
for ns in web db; do
  expect "bytes from $ns" "$(iperf $ns 203.0.113.7 -n 40M) > 20 << 20"
  expect "bytes to $ns" "$(iperf $ns 203.0.113.7 -R -n 40M) > 20 << 20"
  udp $ns isp 198.51.100.254 -b 40M -n 1M -l 1200
done
udp web isp 198.51.100.254 -b 40M -n 1M -l 8000

step "no wrong checksum leaves (TR-1)"
expect_equal "checksum errors counted outside" "$(in_ns isp nstat -asz | awk '/InCsumErrors/ {n += $2} END {print n + 0}')" 0

step "traceroute and errors come back to who asked (I-4)"
in_ns web ping -n -c 1 -t 1 -W 1 203.0.113.7 >"$WORK/ttl.log" 2>&1 || true
expect_text "the gateway answers" "$WORK/ttl.log" "From 10.0.0.1 .*Time to live exceeded"
in_ns web python3 - <<'PY' >"$WORK/refused.log"
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(3); s.connect(("203.0.113.7", 7777)); s.send(b"x")
try: s.recv(10)
except ConnectionRefusedError: print("refused")
PY
expect_equal "a port unreachable from outside" "$(cat "$WORK/refused.log")" refused

step "the outside reaches published ports, and its address is kept"
gets isp http://198.51.100.1:8080/ "hello from web, to 198.51.100.254"
gets isp http://198.51.100.1:9001/ "hello from db, to 198.51.100.254"
gets isp 'http://[2001:db8::1]:8080/' "hello from web, to 2001:db8::fe"
same_bytes() {  # bulk through the published port
  nsenter --net=/run/netns/db timeout 20 python3 "$HERE/transfer.py" receive 9050 >"$WORK/received.log" &
  local receiver=$!
  in_ns isp python3 "$HERE/transfer.py" send 198.51.100.1 9050 16 >"$WORK/sent.log"
  wait $receiver
  expect_equal "hash of 16 MiB" "$(cat "$WORK/received.log")" "$(cat "$WORK/sent.log")"
}
same_bytes

step "hairpin: from the same network, the server itself, another network, the host"
gets db http://198.51.100.1:8080/ "hello from web, to 198.51.100.1"
gets web http://198.51.100.1:8080/ "hello from web, to 198.51.100.1"
gets robot http://198.51.100.1:8080/ "hello from web, to 198.51.100.1"
expect_equal "the host" "$(curl -s -m 5 http://198.51.100.1:8080/)" "hello from web, to 198.51.100.1"

step "published on the host itself; its loopback address does not leave it (HP-2)"
expect_equal "localhost:8088" "$(curl -s -m 5 http://localhost:8088/)" "hello from web, to 10.0.0.254"

step "nothing unsolicited gets in"
before=$(drops unsolicited wan)
ip -n isp route add 10.0.0.0/24 via 198.51.100.1
ping_none isp 10.0.0.11
in_ns isp curl -s -m 1 http://10.0.0.11/ && fail "web answers the outside" || true
in_ns isp curl -s -m 1 http://198.51.100.1:22/ && fail "the router answers" || true
expect "counted" "$(drops unsolicited wan) > $before + 3"

step "ports are published and taken back at run time, and their flows end"
api() { curl -s -m 5 --unix-socket /run/main.sock -X "$1" -d "$3" "http://uswitch$2"; }
expect_equal "robot is not published" "$(in_ns isp curl -s -m 1 http://198.51.100.1:8090/ || echo nothing)" nothing
serve robot 80
entry='{"on": "outside", "port": 8090, "proto": "tcp", "to": "10.1.0.31:80"}'
api POST /v1/publish "$entry" >"$WORK/publish.log"
gets isp http://198.51.100.1:8090/ "hello from robot, to 198.51.100.254"
expect_text "twice" <(api POST /v1/publish "$entry") "error.*published already"
expect "connections to robot" "$(show connections | jq '[.connections[] | select(.reply.source == "10.1.0.31")] | length') > 0"
api DELETE /v1/publish "$entry" >"$WORK/unpublish.log"
expect_equal "robot is not published" "$(in_ns isp curl -s -m 1 http://198.51.100.1:8090/ || echo nothing)" nothing
expect_equal "connections to robot" "$(show connections | jq '[.connections[] | select(.reply.source == "10.1.0.31")] | length')" 0

step "a port that is published at run time changes nothing else, not by a reload either"
entry='{"on": "office", "port": 8092, "proto": "tcp", "to": "10.1.0.31:80"}'
api POST /v1/publish "$entry" >"$WORK/publish.log"
both_ways() { ping_all web 10.1.0.31; ping_all robot 10.0.0.11; gets web http://10.0.0.1:8092/ "hello from robot, to 10.0.0.11"; }
both_ways
timeout 20 "$USWITCH" reload --control /run/main.sock >"$WORK/reload.log" 2>&1
both_ways
api DELETE /v1/publish "$entry" >"$WORK/unpublish.log"

step "what is under way through a port that is taken back is cut, and nothing else"
drip() { nsenter "--net=/run/netns/$1" python3 "$HERE/drip.py" "${@:2}"; }
drips_at() { in_ns "$1" ss -Hltn "sport = :$2" | grep -q .; }
serve_drip() { drip "$@" >"$WORK/drip_$1.log" 2>&1 & wait_until 5 "a server in $1" drips_at "$1" "$3"; }
watch() { drip "$1" watch "$2" "$3" >"$WORK/$4.log" 2>&1 & wait_until 5 "$4 begins" grep -q begun "$WORK/$4.log"; }
serve_drip robot serve 81; serve_drip db serve 9060
entry='{"on": "outside", "port": 8091, "proto": "tcp", "to": "10.1.0.31:81"}'
api POST /v1/publish "$entry" >"$WORK/publish.log"
watch isp 198.51.100.1 8091 short
watch isp 198.51.100.1 9060 long
api DELETE /v1/publish "$entry" >"$WORK/unpublish.log"
wait_until 10 "the connection to robot is cut" grep -q cut "$WORK/short.log"
if grep -q cut "$WORK/long.log"; then fail "the connection to db is cut too"; fi

step "an endpoint that goes takes its connections with it, also those of addresses that it gave itself"
serve_drip isp serve 82
ip -n brief address add 10.0.0.32/24 dev eth0
ping_all brief 203.0.113.7
watch brief 203.0.113.7 82 brief
ip -n brief route replace default via 10.0.0.1 src 10.0.0.32
watch brief 203.0.113.7 82 brief_own
ping_all brief 203.0.113.7
connections_of() { show connections | jq "[.connections[] | select(.original.source == \"$1\")] | length"; }
for address in 10.0.0.31 10.0.0.32; do expect "connections of $address" "$(connections_of $address) > 1"; done
ip -n brief link delete eth0
has_none() { [[ $(connections_of "$1") == 0 ]]; }
for address in 10.0.0.31 10.0.0.32; do wait_until 5 "no connection of $address is left" has_none $address; done

stop_uswitch main
