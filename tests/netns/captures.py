"""Writes a capture file of five ARP requests and five echo requests, 50 ms apart.

    captures.py FILE FROM-ADDRESS TO-ADDRESS
"""

import socket
import struct
import sys

MAC = bytes.fromhex("020000000009")
BROADCAST = b"\xff" * 6


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", ~total & 0xFFFF)


def arp_request(source, target):
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + MAC + source + bytes(6) + target
    return (BROADCAST + MAC + b"\x08\x06" + body).ljust(60, b"\0")


def echo_request(source, target, sequence):
    """Sent to all MACs, since the file cannot know the target's: its stack takes that."""
    icmp = struct.pack(">BBHHH", 8, 0, 0, 7, sequence) + bytes(range(32))
    icmp = icmp[:2] + checksum(icmp) + icmp[4:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0) + source + target
    return BROADCAST + MAC + b"\x08\x00" + ip[:10] + checksum(ip) + ip[12:] + icmp


def main(path, source, target):
    source, target = socket.inet_aton(source), socket.inet_aton(target)
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i in range(5):
            for j, frame in enumerate((arp_request(source, target), echo_request(source, target, i))):
                microseconds = (2 * i + j) * 50_000
                file.write(struct.pack("<IIII", 1_700_000_000, microseconds, len(frame), len(frame)) + frame)


main(*sys.argv[1:])
