"""Builds IP packets, right ones and, where asked, wrong ones, for router_probe.py."""

import socket
import struct


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def pseudo(source, destination, protocol, size):
    return packed(source) + packed(destination) + struct.pack(">II", size, protocol)


def udp(source, destination, from_port, to_port, data, fault=0, no_checksum=False):
    body = struct.pack(">HHHH", from_port, to_port, 8 + len(data), 0) + data
    right = checksum(pseudo(source, destination, 17, len(body)) + body) or 0xFFFF
    return body[:6] + struct.pack(">H", 0 if no_checksum else right ^ fault) + body[8:]


def tcp(source, destination, flags, fault=0):
    body = struct.pack(">HHIIBBHHH", 7, 9, 1000, 2000, 0x50, flags, 1000, 0, 0)
    right = checksum(pseudo(source, destination, 6, len(body)) + body)
    return body[:16] + struct.pack(">H", right ^ fault) + body[18:]


def ip4(source, destination, protocol, payload, ttl=64, tos=0, options=b"", fragment=0, fault=0, version=4, words=None, more=0, claim=None):
    size = 20 + len(options)
    first = version << 4 | (words or size // 4)
    head = struct.pack(">BBHHHBBH", first, tos, size + len(payload) + more, 7, fragment, ttl, protocol, 0)
    head += packed(claim or source) + packed(destination) + options
    return head[:10] + struct.pack(">H", checksum(head) ^ fault) + head[12:] + payload


def ip6(source, destination, protocol, payload, hops=64, headers=(), more=0, claim=None):
    """`headers` are extension headers, each the number and its bytes, of which the first names what follows."""
    kinds = [kind for kind, _ in headers] + [protocol]
    chain = b"".join(bytes([after]) + body[1:] for (_, body), after in zip(headers, kinds[1:]))
    head = struct.pack(">IHBB", 6 << 28, len(chain) + len(payload) + more, kinds[0], hops)
    return head + packed(claim or source) + packed(destination) + chain + payload


def option_of(kind):
    """A header of options with one of this kind, which nobody knows."""
    return bytes([0, 0, kind, 4, 0, 0, 0, 0])
