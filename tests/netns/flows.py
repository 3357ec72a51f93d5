"""Many UDP flows, each answered, or the list of those that a capture holds.

    flows.py answer PORT                             sends back all that comes, until it is ended
    flows.py ask ADDRESS PORT FLOWS ROUNDS           each flow once in every round; fails when an answer is missing
    flows.py spread FLOWS source|destination FILE... the flows of each file: on one path each, evenly, FLOWS in all

A flow is told by its client's port, FIRST and up.
"""

import select
import socket
import subprocess
import sys
import time

FIRST = 20000
AT_ONCE = 50  # fewer than any buffer on the way holds


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def answer(port):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        server.bind(("::", int(port)))  # IPv4 too
        while True:
            data, client = server.recvfrom(2048)
            server.sendto(data, client)


def ask_some(address, port, sources):
    sockets = {}
    for source in sources:
        s = socket.socket(family(address), socket.SOCK_DGRAM)
        s.bind(("", source))
        s.connect((address, port))
        sockets[s] = source
    for s, source in sockets.items():
        s.send(str(source).encode())
    end = time.monotonic() + 5
    while sockets:
        ready, _, _ = select.select(list(sockets), [], [], max(0, end - time.monotonic()))
        if not ready:
            sys.exit(f"no answer to {sorted(sockets.values())}")
        for s in ready:
            if s.recv(2048) != str(sockets.pop(s)).encode():
                sys.exit("an answer to another flow")
            s.close()


def ask(address, port, flows, rounds):
    for _ in range(int(rounds)):
        for first in range(FIRST, FIRST + int(flows), AT_ONCE):
            ask_some(address, int(port), range(first, min(first + AT_ONCE, FIRST + int(flows))))


def flows_in(file, which):
    text = subprocess.run(["tcpdump", "-n", "-q", "-r", file, "udp"], capture_output=True, text=True, check=True).stdout
    field = {"source": 2, "destination": 4}[which]
    ports = (int(line.split()[field].rstrip(":").rsplit(".", 1)[1]) for line in text.splitlines())
    return {port for port in ports if port >= FIRST}


def spread(flows, which, *files):
    flows = int(flows)
    paths = [flows_in(file, which) for file in files]
    sizes = [len(path) for path in paths]
    print("flows by path:", sizes)
    if len(set().union(*paths)) != flows or sum(sizes) != flows:
        sys.exit(f"{sum(sizes)} flows by path are not the {flows} that there are: {sizes}")
    share = flows / len(files)
    if any(abs(size - share) > share / 4 for size in sizes):
        sys.exit(f"uneven: {sizes}")


globals()[sys.argv[1]](*sys.argv[2:])
