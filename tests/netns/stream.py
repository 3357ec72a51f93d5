"""A steady stream of numbered UDP datagrams, and what became of it.

    stream.py receive PORT           prints "RECEIVED LOST TWICE LATE" on SIGTERM: of the numbers up to the highest one
    stream.py send ADDRESS PORT RATE RATE datagrams a second until SIGTERM, then prints how many
"""

import array
import signal
import socket
import sys
import time

stopped = False


def stop(*_):
    global stopped
    stopped = True


def receive(port):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        server.settimeout(0.1)
        server.bind(("::", int(port)))  # IPv4 too
        seen = array.array("L")
        while not stopped:
            try:
                seen.append(int(server.recv(2048)))
            except TimeoutError:
                pass
    numbers = set(seen)
    late = sum(after < before for before, after in zip(seen, seen[1:]))
    print(len(seen), max(numbers, default=-1) + 1 - len(numbers), len(seen) - len(numbers), late)


def send(address, port, rate):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.connect((address, int(port)))
        start, number = time.monotonic(), 0
        while not stopped:
            if number <= (time.monotonic() - start) * int(rate):
                client.send(b"%d" % number)
                number += 1
            else:
                time.sleep(0.0005)
    print(number)


signal.signal(signal.SIGTERM, stop)
globals()[sys.argv[1]](*sys.argv[2:])
