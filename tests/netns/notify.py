#!/usr/bin/env python3
"""Stands for systemd: hears what a service says on its NOTIFY_SOCKET, each word on a line.

    notify.py SOCKET WORD...    # ends with 0 once it has heard these words in this order, others between
"""

import socket
import sys

path, *wanted = sys.argv[1:]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
    listener.bind(path)
    listener.settimeout(20)
    while wanted:
        word = listener.recv(4096).decode()
        print(word, flush=True)
        if word == wanted[0]:
            wanted.pop(0)
