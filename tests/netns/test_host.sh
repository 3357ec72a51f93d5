#!/bin/bash
# The host and the namespaces reach each other through the gateway, also by the host's other addresses, also
# from networks that the host is not on, and as they come and go (scenario 2).
#
#                              +--- eth0 192.168.232.128 ==== (nobody)
#   host (this namespace) -----+--- usw0 10.0.0.254  fd00:a::254
#                              +--- lo   10.255.0.1/32
#   web   10.0.0.11 (tap) ------------+|
#   db    10.0.0.21 (veth) -----------++=== office 10.0.0.1  fd00:a::1
#                                       router
#   robot 10.1.0.31 (tap) -------------=== lab    10.1.0.1  fd00:b::1, isolated: true
#
# Proves R4-14, ARP-4 (proxy for the host only), the host's routes put in and taken out, isolated networks
# that reach the host, the guard and the reverse-path filter of the host being no obstacle.
source "$(dirname "$0")/lib.sh"

ip link add eth0 type veth peer name far0
ip link set eth0 up
ip link set far0 up
ip address add 192.168.232.128/24 dev eth0
ip address add fd00:232::128/64 dev eth0 nodad
echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter
routes_before=$(ip route; ip -6 route | grep -v fe80)

start_uswitch main <<YAML
networks:
  office: {router: [10.0.0.1/24, fd00:a::1/64]}
  lab:    {router: [10.1.0.1/24, fd00:b::1/64], isolated: true}
ports:
  web:   {type: tap,  netns: web,   device: eth0, network: office, address: [10.0.0.11/24, fd00:a::11/64], routes: default}
  db:    {type: veth, netns: db,    device: eth0, network: office, address: [10.0.0.21/24, fd00:a::21/64], routes: default}
  robot: {type: tap,  netns: robot, device: eth0, network: lab,    address: [10.1.0.31/24, fd00:b::31/64], routes: default}
  host:  {type: tap,  device: usw0, network: office, address: [10.0.0.254/24, fd00:a::254/64]}
YAML

step "the host has routes to the networks that it is not on"
route() { ip -json "$@" | jq -r '.[0] | "\(.gateway) \(.dev) \(.protocol)"'; }
expect_equal "route to lab" "$(route route show 10.1.0.0/24)" "10.0.0.1 usw0 117"
expect_equal "IPv6 route to lab" "$(route -6 route show fd00:b::/64)" "fd00:a::1 usw0 117"

step "a namespace pings every address of the host, from both networks"
for ns in web db robot; do
  for address in 10.0.0.254 192.168.232.128 fd00:a::254 fd00:232::128; do ping_all $ns $address 3; done
done

step "the host pings every namespace, also from its other addresses"
for address in 10.0.0.11 10.0.0.21 10.1.0.31 fd00:a::11 fd00:a::21 fd00:b::31; do
  timeout 10 ping -n -q -c 3 -i 0.05 -W 2 $address >"$WORK/ping.log" || fail "the host does not reach $address"
done
for address in 10.0.0.11 10.1.0.31; do
  timeout 10 ping -n -q -c 3 -i 0.05 -W 2 -I 192.168.232.128 $address >"$WORK/ping.log" || fail "from 192.168.232.128 to $address"
done

serve() {  # PREFIX... PORT: a web server; sets server_pid
  mkdir -p "$WORK/www"
  echo "hello from uswitch" >"$WORK/www/index.html"
  "${@:1:$#-1}" python3 -m http.server --bind :: --directory "$WORK/www" "${!#}" >"$WORK/http_${!#}.log" 2>&1 &
  server_pid=$!
}
step "curl reaches a server on the host, and the host one in a namespace"
serve env 8080
wait_until 5 "a server on the host" curl -sf -o /dev/null http://127.0.0.1:8080/
for ns in web db robot; do
  for url in http://192.168.232.128:8080/ 'http://[fd00:232::128]:8080/' http://10.0.0.254:8080/; do
    expect_equal "$ns gets $url" "$(in_ns $ns curl -sg -m 5 "$url")" "hello from uswitch"
  done
done
kill $server_pid
serve nsenter --net=/run/netns/robot 8081
wait_until 5 "a server in robot" in_ns robot curl -sf -o /dev/null http://127.0.0.1:8081/
expect_equal "the host gets robot's page" "$(curl -sg -m 5 http://10.1.0.31:8081/)" "hello from uswitch"
expect_equal "the host gets robot's page" "$(curl -sg -m 5 --interface 192.168.232.128 http://10.1.0.31:8081/)" "hello from uswitch"
expect_equal "the host gets robot's page" "$(curl -sg -m 5 'http://[fd00:b::31]:8081/')" "hello from uswitch"
kill $server_pid

step "addresses of the host that come and go are followed"
ping_none robot 10.255.0.1
ip address add 10.255.0.1/32 dev lo
wait_until 5 "a route to the new address" sh -c "'$USWITCH' show routes --control /run/main.sock --json | grep -q 10.255.0.1"
ping_all robot 10.255.0.1; ping_all web 10.255.0.1
ip address del 10.255.0.1/32 dev lo
wait_until 5 "the route has gone" sh -c "! '$USWITCH' show routes --control /run/main.sock --json | grep -q 10.255.0.1"
ping_none robot 10.255.0.1

step "the isolated network reaches the host, not the office"
ping_none robot 10.0.0.11
expect "counted" "$(drops network_isolated robot) >= 3"

step "bulk TCP between the host and both networks"
iperf3 -s >"$WORK/iperf_host.log" 2>&1 &
wait_until 5 "iperf3 on the host" sh -c 'ss -Hltn "sport = :5201" | grep -q .'
for ns in web robot; do expect "bytes from $ns" "$(iperf $ns 192.168.232.128 -n 40M) > 20 << 20"; done

step "at the end the routes are taken out"
stop_uswitch main
expect_equal "routes of the host" "$(ip route; ip -6 route | grep -v fe80)" "$routes_before"
