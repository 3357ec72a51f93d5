"""Sends random bytes over TCP, or receives them, and prints their SHA-256.

    transfer.py receive PORT            (one connection, any address)
    transfer.py send ADDRESS PORT MIB   (tries to connect for 5 s)
"""

import hashlib
import os
import socket
import sys
import time


def receive(port):
    digest = hashlib.sha256()
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        server.settimeout(15)
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(1 << 20):
                digest.update(data)
    print(digest.hexdigest())


def connect(address, port):
    end = time.monotonic() + 5
    while True:
        try:
            return socket.create_connection((address, port), timeout=15)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def send(address, port, mebibytes):
    digest = hashlib.sha256()
    with connect(address, port) as connection:
        for _ in range(mebibytes):
            data = os.urandom(1 << 20)
            digest.update(data)
            connection.sendall(data)
    print(digest.hexdigest())


if sys.argv[1] == "receive":
    receive(int(sys.argv[2]))
else:
    send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
