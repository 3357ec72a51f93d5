"""Both ends of what is relayed: a server that echoes, and clients that hold it to that.

    relayed.py serve PORT                   TCP and UDP, IPv4 and IPv6
    relayed.py udp ADDRESS PORT             datagrams of several sizes come back, from that address
    relayed.py stalled ADDRESS PORT MIB     reads nothing until nobody takes any more, and then everything, most of
                                            it after it has said all itself; prints how much was sent before
    relayed.py many ADDRESS PORT COUNT      so many connections at once, each with an echo of its own
    relayed.py hold ADDRESS PORT            prints "connected", and then how the connection ends
"""

import asyncio
import hashlib
import resource
import socket
import sys
import threading
import time

PATIENCE = 30


def connect(address, port, kind=socket.SOCK_STREAM):
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    client.settimeout(PATIENCE)
    client.connect((address, int(port)))
    return client


class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


async def echo(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()
    except ConnectionError:
        pass


async def serve(port):
    await asyncio.start_server(echo, "", int(port), backlog=4096)
    await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, local_addr=("::", int(port)))  # IPv4 too
    await asyncio.Event().wait()


def udp(address, port):
    with connect(address, port, socket.SOCK_DGRAM) as client:  # connected: hears that address alone
        for size in (1, 1200, 8000, 1):
            data = bytes(i * 7 % 251 for i in range(size))
            client.send(data)
            assert client.recv(65536) == data, size


def stalled(address, port, mebibytes):
    total, block = int(mebibytes) << 20, bytes(i * 7 % 251 for i in range(1 << 20))
    sent, heard = [0], hashlib.sha256()
    with connect(address, port) as client:

        def send():
            for _ in range(total >> 20):
                left = memoryview(block)
                while left:
                    count = client.send(left)
                    left = left[count:]
                    sent[0] += count
            client.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        last, end = -1, time.monotonic() + PATIENCE
        while last != sent[0] and time.monotonic() < end:
            last = sent[0]
            time.sleep(0.5)
        before = sent[0]
        while data := client.recv(1 << 20):
            heard.update(data)
        sender.join(PATIENCE)
    said = hashlib.sha256()
    for _ in range(total >> 20):
        said.update(block)
    assert heard.digest() == said.digest(), "what came back is not what was sent"
    print(before)


def many(address, port, count):
    clients = [connect(address, port) for _ in range(int(count))]
    for number, client in enumerate(clients):
        client.sendall(b"client %d" % number)
    for number, client in enumerate(clients):
        heard = client.recv(100)
        assert heard == b"client %d" % number, (number, heard)
    for client in clients:
        client.close()


def hold(address, port):
    with connect(address, port) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        print("connected", flush=True)
        try:
            print("ended" if client.recv(1) == b"" else "heard", flush=True)
        except OSError as error:
            print(type(error).__name__, flush=True)


most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
if sys.argv[1] == "serve":
    asyncio.run(serve(sys.argv[2]))
else:
    globals()[sys.argv[1]](*sys.argv[2:])
