"""Sends frames that no well-behaved stack would send, by AF_PACKET.

    frames.py DEVICE KIND[,KIND...] [COUNT]

Sends COUNT of each. A KIND is a function below; forged ones claim the addresses of "the other station" and are sent to
TO, which nobody has, so the switch floods them and a capture finds them by it.
"""

import random
import socket
import struct
import sys
import time

TO = bytes.fromhex("02aaaaaaaaaa")
BROADCAST = b"\xff" * 6
OWN_IP4 = socket.inet_aton("10.0.0.1")  # of the sender, in the scenarios
OTHER_MAC = bytes.fromhex("02bbbbbbbbbb")
OTHER_IP4 = socket.inet_aton("10.0.0.200")
OTHER_IP6 = socket.inet_pton(socket.AF_INET6, "fd00::200")
ANY_IP4 = socket.inet_aton("10.0.0.250")
ALL_NODES = socket.inet_pton(socket.AF_INET6, "ff02::1")


def link_local(mac):
    """fe80:: with the EUI-64 of the MAC: a source address that a guard lets pass."""
    return bytes.fromhex("fe80000000000000") + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(source, ether_type, payload, destination=TO):
    return (destination + source + struct.pack(">H", ether_type) + payload).ljust(60, b"\0")


def ipv4_udp(source, ports, payload=b"forged"):
    udp = struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + source + ANY_IP4
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + udp


def ipv6(source, protocol, payload, hop_limit=255):
    """`payload` has its checksum field zero; it is at 2 in ICMPv6 and at 6 in UDP."""
    pseudo = source + ALL_NODES + struct.pack(">II", len(payload), protocol)
    at = 6 if protocol == 17 else 2
    payload = payload[:at] + struct.pack(">H", checksum(pseudo + payload)) + payload[at + 2 :]
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, hop_limit) + source + ALL_NODES + payload


def foreign_mac(_):
    return ethernet(OTHER_MAC, 0x88B5, b"from another MAC")


def foreign_ip4(mac):
    return ethernet(mac, 0x0800, ipv4_udp(OTHER_IP4, (7, 7)))


def foreign_ip6(mac):
    return ethernet(mac, 0x86DD, ipv6(OTHER_IP6, 17, struct.pack(">HHHH", 7, 7, 8, 0)))


def arp(mac):
    """Answers for the other station's address."""
    return ethernet(mac, 0x0806, struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2) + mac + OTHER_IP4 + TO + ANY_IP4)


def advertisement(mac):
    """A neighbour advertisement, with override, of the other station's address."""
    body = struct.pack(">BBHI", 136, 0, 0, 0x20000000) + OTHER_IP6 + bytes([2, 1]) + mac
    return ethernet(mac, 0x86DD, ipv6(link_local(mac), 58, body))


def router(mac):
    body = struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + bytes([1, 1]) + mac
    return ethernet(mac, 0x86DD, ipv6(link_local(mac), 58, body))


def dhcp(mac):
    """An offer: from the server's port to the client's."""
    return ethernet(mac, 0x0800, ipv4_udp(OWN_IP4, (67, 68), b"\x02" + bytes(299)))


def dhcp6(mac):
    return ethernet(mac, 0x86DD, ipv6(link_local(mac), 17, struct.pack(">HHHH", 547, 546, 12, 0) + b"\x02abc"))


def broadcast(mac):
    return ethernet(mac, 0x88B5, b"to all", BROADCAST)


def priority_tag(mac):
    """VLAN 0, priority 5: as good as untagged."""
    return ethernet(mac, 0x8100, struct.pack(">HH", 5 << 13, 0x88B5) + b"priority tagged")


def vlan_reserved(mac):
    return ethernet(mac, 0x8100, struct.pack(">HH", 4095, 0x88B5) + b"reserved")


def vlan_foreign(mac):
    return ethernet(mac, 0x8100, struct.pack(">HH", 30, 0x88B5) + b"no member")


def random_mac(_):
    """A new station each time, sending to another new one: what a MAC flood is."""
    source, destination = (b"\x06" + random.randbytes(5) for _ in range(2))
    return ethernet(source, 0x88B5, b"flood", destination)


def main(device, kinds, count=1):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((device, 0))
        mac = link.getsockname()[4]
        for i in range(int(count)):
            if i % 50 == 49:
                time.sleep(0.001)  # else the device's queue overflows before the switch is asked
            for kind in kinds.split(","):
                link.send(globals()[kind](mac))


main(*sys.argv[1:])
