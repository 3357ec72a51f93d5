"""A hostile client of a control socket: abuse.py PATH KIND. Fails when others are kept out, or the answer is wrong."""

import socket
import sys
import time

path, kind = sys.argv[1:]
HEADER = b"%s %s HTTP/1.1\r\nHost: x\r\n"


def connect():
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(5)
    client.connect(path)
    return client


def say(client, data):
    """Until the server has had enough."""
    try:
        client.sendall(data)
        return True
    except (BrokenPipeError, ConnectionResetError):
        return False


def answer(client):
    try:
        return client.recv(4096)
    except ConnectionResetError:
        return b""


def require(what, condition):
    if not condition:
        sys.exit(f"{kind}: not {what}")


def ask():
    with connect() as client:
        say(client, HEADER % (b"GET", b"/v1/workers") + b"Connection: close\r\n\r\n")
        return answer(client)


def served():
    """Whoever comes by chance in the second after a flood may be sent away; not later."""
    end = time.monotonic() + 3
    while not ask().startswith(b"HTTP/1.1 200 "):
        require("answered others", time.monotonic() < end)
        time.sleep(0.05)


def garbage():
    for data in (b"\0" * 1000, b"\xff\xfe\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 5000):
        with connect() as client:
            say(client, data)
            client.shutdown(socket.SHUT_WR)
            got = answer(client)
            require(f"refused {data[:10]}", got == b"" or got.startswith(b"HTTP/1.1 4"))


def huge_header():
    with connect() as client:
        say(client, HEADER % (b"GET", b"/v1/ports") + b"X: " + b"y" * (1 << 20))
        got = answer(client)  # or the connection is gone, with the rest unread
        require("431", got == b"" or got.startswith(b"HTTP/1.1 431 "))


def huge_body():
    with connect() as client:
        say(client, HEADER % (b"PUT", b"/v1/config") + b"Content-Length: %d\r\n\r\n" % (1 << 30))
        require("413", answer(client).startswith(b"HTTP/1.1 413 "))
        sent = 0
        while sent < 1 << 30 and say(client, b"x" * (1 << 20)):
            sent += 1 << 20
        require("ended early", sent < 1 << 24)


def chunks():
    """A body whose length nobody has said."""
    with connect() as client:
        say(client, HEADER % (b"PUT", b"/v1/config") + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        while sent < 1 << 30 and say(client, b"10000\r\n" + b"x" * 65536 + b"\r\n"):
            sent += 65536
        require("ended early", sent < 1 << 24)


def half_requests():
    clients = [connect() for _ in range(60)]
    for client in clients:
        say(client, b"GET /v1/po")
    for _ in range(20):
        say(clients[0], b"r")
        require("answered others", ask().startswith(b"HTTP/1.1 200 "))


def connections():
    clients = []
    for _ in range(1000):
        clients.append(connect())
    served()
    served()


def unread_answers():
    clients = []
    for _ in range(40):
        client = connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        try:
            for _ in range(1000):
                client.send(HEADER % (b"GET", b"/v1/drops?all=1") + b"\r\n")
        except BlockingIOError:
            pass
        clients.append(client)
    served()


globals()[kind]()
