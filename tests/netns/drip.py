"""A TCP connection that always says something, and when it ceases to.

    drip.py serve PORT            sends a byte each 20 ms to every client
    drip.py watch ADDRESS PORT    prints "begun" at the first byte, and "cut" and ends when there is none for 3 s
"""

import socket
import sys
import threading
import time


def drip(connection):
    with connection:
        try:
            while True:
                connection.send(b".")
                time.sleep(0.02)
        except OSError:
            pass


def serve(port):
    with socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        while True:
            threading.Thread(target=drip, args=server.accept()[:1], daemon=True).start()


def watch(address, port):
    with socket.create_connection((address, int(port)), timeout=3) as connection:
        try:
            if connection.recv(1):
                print("begun", flush=True)
            while connection.recv(100):
                pass
        except OSError:
            pass
    print("cut", flush=True)


globals()[sys.argv[1]](*sys.argv[2:])
