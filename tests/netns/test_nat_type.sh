#!/bin/bash
# What a public NAT-type client says of the NAT (RFC 5780): coturn's turnutils_natdiscovery, behind it, asks coturn's
# turnserver, which has two addresses outside. Another client has its ports on the external address already, so that
# each port is translated: a NAT that keeps ports could be taken for one whose mappings are endpoint-independent.
#
#   client .11 -+- office 10.0.0.1      outside 198.51.100.1 ---- stun 198.51.100.9, .10
#   other  .21 -+              router
#
# Proves U-1 (endpoint-independent mapping), U-8 (each filtering as configured) and U-9 (hairpinning) to who did not
# write the NAT.
source "$(dirname "$0")/lib.sh"
for tool in turnserver turnutils_natdiscovery; do
  command -v $tool >/dev/null || skip "there is no $tool (see scripts/packages-test)"
done

nat_that_filters() {  # HOW
  start_uswitch main <<YAML
networks:
  office:  {router: [10.0.0.1/24]}
  outside: {router: [198.51.100.1/24]}
ports:
  client: {type: tap,  netns: client, device: eth0, network: office, address: [10.0.0.11/24], routes: default}
  other:  {type: tap,  netns: other,  device: eth0, network: office, address: [10.0.0.21/24], routes: default}
  stun:   {type: veth, netns: stun, device: eth0, network: outside, address: [198.51.100.9/24, 198.51.100.10/24]}
nat:
  masquerade: [{from: 10.0.0.0/24, out: outside}]
  filtering: $1
YAML
  nsenter --net=/run/netns/stun turnserver -n -L 198.51.100.9 -L 198.51.100.10 --no-tls --no-dtls --no-cli --no-tcp \
    --relay-threads=1 --pidfile "$WORK/turn.pid" --userdb "$WORK/turn.db" --log-file stdout --simple-log \
    >"$WORK/turn.log" 2>&1 &
  turn=$!
  wait_until 5 "a server on the second port" server_listens
}
server_listens() { in_ns stun ss -Hlun "sport = :3479 and src 198.51.100.10" | grep -q .; }

# Each asks from a port of its own: what one has sent to would let more in for the next.
discovers() {  # OPTION PORT ANSWER
  in_ns client turnutils_natdiscovery "$1" -L 10.0.0.11 -l "$2" 198.51.100.9 >"$WORK/discovery.log" 2>&1 || true
  expect_text "what $1 discovers" "$WORK/discovery.log" "$3"
  expect_text "the port it is seen under" "$WORK/discovery.log" "UDP reflexive addr: 198\.51\.100\.1:"
  ! grep -q "UDP reflexive addr: 198.51.100.1:$2\$" "$WORK/discovery.log" || fail "$1: port $2 was not taken"
}
occupy() {  # PORT...
  in_ns other python3 - "$@" <<'PY'
import socket, sys
for port in map(int, sys.argv[1:]):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("10.0.0.21", port))
        s.sendto(b"mine", ("198.51.100.9", 9))
PY
}
has_occupied() {  # COUNT
  [[ $(show connections | jq '[.connections[] | select(.original.source == "10.0.0.21" and
    .reply.destination_port == .original.source_port)] | length') == "$1" ]]
}

for filtering in endpoint-independent address-dependent address-and-port-dependent; do
  step "a client discovers $filtering filtering"
  nat_that_filters $filtering
  occupy 40000 40001 40002
  wait_until 5 "the ports are taken" has_occupied 3
  discovers -m 40000 "NAT with Endpoint Independent Mapping"
  case $filtering in
    endpoint-independent) answer="NAT with Endpoint Independent Filtering" ;;
    address-dependent) answer="NAT with Address Dependent Filtering" ;;
    *) answer="NAT with Address and Port Dependent Filtering" ;;
  esac
  discovers -f 40001 "$answer"
  discovers -H 40002 "successful hairpinning"
  kill $turn
  wait $turn || true
  stop_uswitch main
done
