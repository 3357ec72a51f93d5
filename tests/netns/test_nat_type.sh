#!/bin/bash
# What a public NAT-type client says of the NAT (RFC 5780): coturn's turnutils_natdiscovery, behind it, asks coturn's
# turnserver, which has two addresses outside.
#
#   client .11 ---- office 10.0.0.1      outside 198.51.100.1 ---- stun 198.51.100.9, .10
#                               router
#
# Proves U-1 (endpoint-independent mapping) and U-8 (each filtering as configured) to who did not write the NAT.
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

discovers() {  # OPTION ANSWER
  in_ns client turnutils_natdiscovery "$1" -L 10.0.0.11 198.51.100.9 >"$WORK/discovery.log" 2>&1 || true
  expect_text "what $1 discovers" "$WORK/discovery.log" "$2"
}

for filtering in endpoint-independent address-and-port-dependent; do
  step "a client discovers $filtering filtering"
  nat_that_filters $filtering
  discovers -m "NAT with Endpoint Independent Mapping"
  case $filtering in
    endpoint-independent) discovers -f "NAT with Endpoint Independent Filtering" ;;
    *) discovers -f "NAT with Address and Port Dependent Filtering" ;;
  esac
  kill $turn
  wait $turn || true
  stop_uswitch main
done
