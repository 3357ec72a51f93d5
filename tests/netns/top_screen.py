#!/usr/bin/env python3
"""Runs `uswitch top` on a terminal of its own and says what is wrong with what it does there.

    top_screen.py USWITCH CONTROL-SOCKET [FILE]    # the last frame is left in the file
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def require(what, holds):
    if not holds:
        sys.exit(f"top: {what}")


class Terminal:
    def __init__(self, rows, columns, command):
        self.child, self.fd = pty.fork()
        if self.child == 0:
            os.environ.pop("NO_COLOR", None)
            time.sleep(0.1)  # the size is set by then
            os.execv(command[0], command)
        self.before = termios.tcgetattr(self.fd)
        self.heard = b""
        self.resize(rows, columns)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            more = os.read(self.fd, 65536)
        except OSError:  # the other end is closed
            return False
        self.heard += more
        return bool(more)

    def wait(self, what, holds, seconds=10):
        end = time.monotonic() + seconds
        while not holds(self.heard):
            require(f"{what}: not in time, but {self.heard[-800:]}", time.monotonic() < end)
            self.read(0.1)

    def frames(self):
        """The whole frames since the screen was entered, each a list of plain lines."""
        parts = self.heard.split(b"\x1b[H")[1:]
        return [ESCAPES.sub(b"", p).decode().split("\r\n") for p in parts if b"\x1b[J" in p]

    def end(self, what, expected):
        """Reads to the end: the exit code, and that the screen and the settings are as before."""
        while self.read(5):
            pass
        status = os.waitpid(self.child, 0)[1]
        require(f"{what}: ends with {status}", os.waitstatus_to_exitcode(status) == expected)
        require(f"{what}: the screen is left", self.heard.count(ENTER) == self.heard.count(LEAVE) == 1)
        require(f"{what}: the cursor is back", self.heard.rfind(b"\x1b[?25h") > self.heard.rfind(b"\x1b[?25l"))
        require(f"{what}: the terminal's settings are back", termios.tcgetattr(self.fd) == self.before)
        os.close(self.fd)


def fits(frame, rows, columns):
    return len(frame) <= rows and all(len(line) <= columns for line in frame)


def main():
    uswitch, control = sys.argv[1:3]
    command = [uswitch, "top", "--interval", "200ms", "--control", control]

    top = Terminal(24, 80, command)
    top.wait("a rate", lambda heard: re.search(rb"web .* [1-9][0-9.]* [kM]b/s", heard))
    top.wait("a drop", lambda heard: b"guard_mac" in heard)
    top.wait("a connection", lambda heard: b"10.0.0.11 -> 198.51.100.254" in heard)
    require("colours on a terminal", b"\x1b[1m" in top.heard)
    require("80x24 holds every frame", all(fits(f, 24, 80) for f in top.frames()))
    frame = top.frames()[-1]
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w") as file:
            file.write("\n".join(frame) + "\n")

    shown = len(top.frames())
    top.resize(10, 40)
    top.wait("frames of the new size", lambda _: any(fits(f, 10, 40) for f in top.frames()[shown:]))
    os.write(top.fd, b"q")
    top.end("q", 0)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        top = Terminal(24, 80, command)
        top.wait("a frame", lambda _: top.frames())
        os.kill(top.child, getattr(signal, name))
        top.end(name, 0)

    top = Terminal(24, 80, command)
    top.wait("a frame", lambda _: top.frames())
    os.write(top.fd, b"\x1a")  # Ctrl-Z
    top.wait("the screen is left", lambda heard: LEAVE in heard)
    require("it stops", os.WIFSTOPPED(os.waitpid(top.child, os.WUNTRACED)[1]))
    require("the settings are back", termios.tcgetattr(top.fd) == top.before)
    top.heard = b""
    os.kill(top.child, signal.SIGCONT)
    top.wait("the screen is back", lambda heard: ENTER in heard and top.frames())
    os.write(top.fd, b"q")
    top.end("after Ctrl-Z", 0)


main()
