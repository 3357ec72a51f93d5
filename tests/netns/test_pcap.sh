#!/bin/bash
# A pcap port plays a capture file to a namespace, at its pace, and writes what comes back.
#
#   in.pcap --> play (pcap) --- network lan --- a (tap) .1
#   out.pcap <--
#
# The file holds ARP requests for .1 and echo requests to it, 50 ms apart.
# Proves the pcap port of the contract: checksums and tags in the file are those of a wire.
source "$(dirname "$0")/lib.sh"

python3 "$HERE/captures.py" "$WORK/in.pcap" 10.0.0.9 10.0.0.1
expect_equal "frames in the file" "$(frames_in "$WORK/in.pcap")" 10

start_uswitch main <<YAML
networks: {lan: {}}
ports:
  play: {type: pcap, read: $WORK/in.pcap, write: $WORK/out.pcap, network: lan}
  a:    {type: tap,  netns: a, device: eth0, network: lan, address: [10.0.0.1/24]}
YAML
played() { (($(port play rx_packets) == 10 && $(port a rx_packets) >= 10)); }
wait_until 5 "the file is played" played
expect_equal "learned of the player" "$(show fdb | jq -r '.fdb[] | select(.port == "play") | .mac')" 02:00:00:00:00:09
stop_uswitch main

step "what came back"
replies="src host 10.0.0.1 and icmp[icmptype] == icmp-echoreply"
expect_equal "ARP replies" "$(frames_in "$WORK/out.pcap" "arp[6:2] == 2 and arp[14:4] == 0x0a000001")" 5
expect_equal "echo replies" "$(frames_in "$WORK/out.pcap" "$replies")" 5
expect_equal "wrong checksums" "$(captured "$WORK/out.pcap" -vv | grep -Ec 'bad ([a-z0-9]+ )?cksum|wrong icmp cksum|incorrect')" 0
pace=$(captured "$WORK/out.pcap" -tt "$replies" | awk 'NR == 1 {first = $1} END {printf "%d", ($1 - first) * 1000}')
expect "ms from the first to the last reply, 400 in the file" "$pace >= 350 && $pace < 2000"

step "a file that is no capture is refused"
echo "no capture" >"$WORK/bad.pcap"
refused_uswitch bad 1 <<<"networks: {lan: {}}
ports: {play: {type: pcap, read: $WORK/bad.pcap, network: lan}}"
expect_text "refusal" "$WORK/bad.log" 'bad.pcap'
