"""Sends packets that a router must judge, and prints what became of each: who answered what, and what arrived beyond it.

    router_probe.py NEAR FAR ROUTER_MAC

NEAR and FAR are namespaces with a device eth0 each. All probes go out at once and are told apart by their source,
10.0.0.100 and up or fd00:a::100 and up, which NEAR has (`router_probe.py addresses` prints them), or where the source
is what is wrong with them by the name that they carry. One line a probe: "NAME: answers / what arrived".
"""

import ctypes
import os
import select
import socket
import struct
import sys
import time

from frames_of import checksum, ip4, ip6, option_of, pseudo, tcp, udp

GATEWAY4, OTHER4, FAR4, SILENT4 = "10.0.0.1", "10.1.0.1", "10.1.0.9", "10.1.0.77"
GATEWAY6, OTHER6, FAR6, SILENT6 = "fd00:a::1", "fd00:b::1", "fd00:b::9", "fd00:b::77"
WAIT = 4.5  # seconds; a silent neighbour is given up after 3


def echo(name, kind=8, fault=0):
    body = struct.pack(">BBHHH", kind, 0, 0, 7, 1) + name
    return body[:2] + struct.pack(">H", checksum(body) ^ fault) + body[4:]


def icmp6(source, destination, name, kind=128, fault=0):
    body = struct.pack(">BBHHH", kind, 0, 0, 7, 1) + name
    return body[:2] + struct.pack(">H", checksum(pseudo(source, destination, 58, len(body)) + body) ^ fault) + body[4:]


PROBES = {}



def forward4(name, **how):
    """A UDP packet through the router."""
    destination = how.pop("to", FAR4)
    size = how.pop("size", 0)
    PROBES[name] = lambda s: ip4(s, destination, 17, udp(s, destination, 7, 9, name.encode().ljust(size, b".")), **how)


def to_gateway4(name, protocol, payload, **how):
    destination = how.pop("to", GATEWAY4)
    PROBES[name] = lambda s: ip4(s, destination, protocol, payload(s, destination, name.encode()), **how)


def forward6(name, **how):
    destination = how.pop("to", FAR6)
    size = how.pop("size", 0)
    PROBES[name] = lambda s: ip6(s, destination, 17, udp(s, destination, 7, 9, name.encode().ljust(size, b".")), **how)


def to_gateway6(name, protocol, payload, **how):
    destination = how.pop("to", GATEWAY6)
    PROBES[name] = lambda s: ip6(s, destination, protocol, payload(s, destination, name.encode()), **how)


def closed(s, d, n):
    return udp(s, d, 7, 9, n)


def ping(_, __, n):
    return echo(n)


def ping6(s, d, n):
    return icmp6(s, d, n)


LOOSE_ROUTE = bytes([131, 7, 4]) + socket.inet_aton("10.1.0.200") + b"\0"
RECORD_ROUTE = bytes([7, 7, 4, 0, 0, 0, 0, 0])
UNKNOWN_OPTION = bytes([0x9E, 4, 1, 2])
BROKEN_OPTION = bytes([0x9E, 9, 1, 2])

forward4("forward")
for ttl in (0, 1, 2):
    forward4(f"ttl_{ttl}", ttl=ttl)
to_gateway4("ttl_1_to_gateway", 1, ping, ttl=1)
to_gateway4("ttl_0_to_gateway", 1, ping, ttl=0)
forward4("no_route", to="172.16.0.1")
forward4("silent_neighbour", to=SILENT4)
forward4("too_big_df", size=1422, fragment=0x4000)
forward4("too_big_cut", size=1422)
forward4("bad_checksum", fault=0x1111)
forward4("bad_version", version=5)
forward4("short_header", words=4)
forward4("too_long_total", more=100)
for source in ("127.0.0.1", "0.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", GATEWAY4, OTHER4):
    forward4(f"from_{source}", claim=source)
forward4("from_link_local", claim="169.254.1.1")
for to in ("127.0.0.1", "0.0.0.0", "240.0.0.1", "255.255.255.255", "10.1.0.255", "10.0.0.255", "224.0.0.1", "239.1.1.1", "169.254.1.1"):
    forward4(f"to_{to}", to=to)
forward4("loose_route", options=LOOSE_ROUTE)
forward4("record_route", options=RECORD_ROUTE)
forward4("unknown_option", options=UNKNOWN_OPTION)
forward4("broken_option", options=BROKEN_OPTION)
forward4("first_fragment_ttl_1", ttl=1, fragment=0x2000)
forward4("later_fragment_ttl_1", ttl=1, fragment=0x0010)
forward4("later_fragment", fragment=0x0010)
to_gateway4("echo_ttl_1", 1, ping, ttl=1, to=FAR4)
to_gateway4("error_ttl_1", 1, lambda s, d, n: echo(n, 3), ttl=1, to=FAR4)
to_gateway4("echo", 1, ping, tos=0x28)
to_gateway4("echo_other_address", 1, ping, to=OTHER4)
to_gateway4("echo_bad_checksum", 1, lambda s, d, n: echo(n, fault=0x1111))
to_gateway4("echo_record_route", 1, ping, options=RECORD_ROUTE)
to_gateway4("timestamp", 1, lambda s, d, n: echo(n[:8].ljust(12), 13))
to_gateway4("unknown_protocol", 200, lambda s, d, n: n.ljust(20))
to_gateway4("udp_closed", 17, closed)
to_gateway4("udp_closed_tos", 17, closed, tos=0xB8)
to_gateway4("udp_closed_large", 17, lambda s, d, n: udp(s, d, 7, 9, n.ljust(1000)))
to_gateway4("udp_no_checksum", 17, lambda s, d, n: udp(s, d, 7, 9, n, no_checksum=True))
to_gateway4("udp_bad_checksum", 17, lambda s, d, n: udp(s, d, 7, 9, n, fault=0x1111))
to_gateway4("udp_lone_fragment", 17, closed, fragment=0x2000)
to_gateway4("tcp_syn", 6, lambda s, d, n: tcp(s, d, 0x02))
to_gateway4("tcp_ack", 6, lambda s, d, n: tcp(s, d, 0x10))
to_gateway4("tcp_rst", 6, lambda s, d, n: tcp(s, d, 0x04))
to_gateway4("tcp_bad_checksum", 6, lambda s, d, n: tcp(s, d, 0x02, fault=0x1111))

forward6("forward6")
for hops in (0, 1, 2):
    forward6(f"hops_{hops}", hops=hops)
to_gateway6("hops_1_to_gateway", 58, ping6, hops=1)
forward6("no_route6", to="fd99::1")
forward6("silent_neighbour6", to=SILENT6)
forward6("too_big6", size=1402)
forward6("too_long_payload", more=100)
for source in ("::", "::1", "ff02::9", GATEWAY6, "::ffff:10.0.0.9"):
    forward6(f"from_{source}", claim=source)
forward6("from_link_local6", claim="fe80::1234")
for to in ("::1", "::", "ff02::1", "ff05::9", "fe80::77", "fd00:b::"):
    forward6(f"to_{to}", to=to)
for kind, name in ((0x1E, "skip"), (0x5E, "discard"), (0x9E, "tell")):
    forward6(f"hop_by_hop_{name}", headers=[(0, option_of(kind))])
    to_gateway6(f"destination_option_{name}_to_gateway", 17, closed, headers=[(60, option_of(kind))])
forward6("destination_option", headers=[(60, option_of(0x9E))])
to_gateway6("routing_header_to_gateway", 17, closed, headers=[(43, b"\0\2\0\1" + bytes(4) + bytes(16))])
to_gateway6("atomic_fragment_to_gateway", 17, closed, headers=[(44, struct.pack(">BBHI", 0, 0, 0, 7))])
forward6("later_fragment6_hops_1", hops=1, headers=[(44, struct.pack(">BBHI", 0, 0, 0x100, 7))])
to_gateway6("no_next_header_hops_1", 59, lambda s, d, n: n, hops=1, to=FAR6)
to_gateway6("error6_hops_1", 58, lambda s, d, n: icmp6(s, d, n, 1), hops=1, to=FAR6)
to_gateway6("echo6", 58, ping6)
to_gateway6("echo6_other_address", 58, ping6, to=OTHER6)
to_gateway6("echo6_bad_checksum", 58, lambda s, d, n: icmp6(s, d, n, fault=0x1111))
to_gateway6("unknown_next_header", 200, lambda s, d, n: n.ljust(20))
to_gateway6("unknown_after_options", 200, lambda s, d, n: n.ljust(20), headers=[(60, option_of(0x1E))])
to_gateway6("no_next_header", 59, lambda s, d, n: n)
to_gateway6("udp6_closed", 17, closed)
to_gateway6("udp6_closed_large", 17, lambda s, d, n: udp(s, d, 7, 9, n.ljust(1400)))
to_gateway6("udp6_no_checksum", 17, lambda s, d, n: udp(s, d, 7, 9, n, no_checksum=True))
to_gateway6("udp6_bad_checksum", 17, lambda s, d, n: udp(s, d, 7, 9, n, fault=0x1111))
to_gateway6("tcp6_syn", 6, lambda s, d, n: tcp(s, d, 0x02))


def source_of(index, name):
    """4 or 6 is seen by what the probe makes of an IPv4 source."""
    return f"10.0.0.{100 + index}" if is_v4(name) else f"fd00:a::{100 + index}"


def is_v4(name):
    return list(PROBES).index(name) < list(PROBES).index("forward6")


def open_in(netns):
    handle = os.open(f"/run/netns/{netns}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(handle, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    link.bind(("eth0", 3))
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    return link


def addresses_of(packet):
    if packet[0] >> 4 == 4:
        return socket.inet_ntop(socket.AF_INET, packet[12:16]), socket.inet_ntop(socket.AF_INET, packet[16:20])
    return socket.inet_ntop(socket.AF_INET6, packet[8:24]), socket.inet_ntop(socket.AF_INET6, packet[24:40])


def header(packet):
    """What of an IP header shall be alike. The identification is anybody's choice."""
    if packet[0] >> 4 == 4:
        size = (packet[0] & 15) * 4
        good = "" if checksum(packet[:size]) == 0 else " BAD CHECKSUM"
        text = f"ttl {packet[8]} tos {packet[1]:02x} total {struct.unpack('>H', packet[2:4])[0]}"
        text += f" fragment {struct.unpack('>H', packet[6:8])[0] & 0xBFFF:04x}"
        return text + (f" options {packet[20:size].hex()}" if size > 20 else "") + good, packet[9], packet[size:]
    text = f"hops {packet[7]} class {struct.unpack('>H', packet[:2])[0] >> 4 & 255:02x} payload {struct.unpack('>H', packet[4:6])[0]}"
    return text, packet[6], packet[40:]


def describe(packet):
    """An answer: from whom, its header, and what it says."""
    head, protocol, body = header(packet)
    source, destination = addresses_of(packet)
    text = f"{source} {head} "
    if protocol == 6:
        _, _, sequence, acknowledged, offset, flags, window = struct.unpack(">HHIIBBH", body[:16])
        return text + f"TCP flags {flags:02x} seq {sequence} ack {acknowledged} window {window}"
    pad = b"" if protocol == 1 else pseudo(source, destination, 58, len(body))
    good = "" if checksum(pad + body) == 0 else " BAD ICMP CHECKSUM"
    kind, code, _, rest = struct.unpack(">BBHI", body[:8])
    text += f"ICMP {kind}/{code} {rest:x}{good}"
    if kind in ((3, 11, 12) if protocol == 1 else (1, 2, 3, 4)):
        return text + f" about [{header(body[8:])[0]}], {len(body) - 8} bytes"
    return text + f" {len(body) - 8} bytes"


def is_answer(packet):
    protocol = packet[9] if packet[0] >> 4 == 4 else packet[6]
    if protocol == 58:
        return not 130 <= packet[40] <= 137 and packet[40] != 143
    return protocol in (1, 6)


def owner(packet, side, sources):
    """The probe that a packet is about: by the address that is the probe's own, else by the name that it carries."""
    if packet[0] >> 4 not in (4, 6) or len(packet) < 20:
        return None
    address = addresses_of(packet)[1 if side == "near" else 0]
    if address in sources:
        return sources[address]
    named = [name for name in PROBES if name.encode() in packet]
    return max(named, key=len, default=None)


def main(near, far, mac):
    links = {"near": open_in(near), "far": open_in(far)}
    own = links["near"].getsockname()[4]
    sources = {source_of(i, name): name for i, name in enumerate(PROBES)}
    said = {name: ([], []) for name in PROBES}
    for source, name in sources.items():
        packet = PROBES[name](source)
        frame = bytes.fromhex(mac.replace(":", "")) + own + (b"\x08\0" if is_v4(name) else b"\x86\xdd") + packet
        links["near"].send(frame.ljust(60, b"\0"))
        time.sleep(0.01)
    end = time.monotonic() + WAIT
    by_link = {link: side for side, link in links.items()}
    while (left := end - time.monotonic()) > 0:
        for link in select.select(list(by_link), [], [], left)[0]:
            frame, address = link.recvfrom(70000)
            if address[2] == socket.PACKET_OUTGOING or frame[12:14] not in (b"\x08\0", b"\x86\xdd"):
                continue
            packet, side = frame[14:], by_link[link]
            name = owner(packet, side, sources)
            if name is None or (side == "near" and (not is_answer(packet) or addresses_of(packet)[0] in (FAR4, FAR6))):
                continue
            said[name][side == "far"].append(describe(packet) if side == "near" else header(packet)[0])
    for name, (answers, arrived) in said.items():
        print(f"{name}: {'; '.join(answers) or 'silence'} / {'; '.join(sorted(arrived)) or 'nothing'}")


if sys.argv[1] == "addresses":
    print("\n".join(source_of(i, name) for i, name in enumerate(PROBES)))
else:
    main(*sys.argv[1:])
