"""Private namespaces, the processes in them, and how they end.

Everything runs inside one private network, mount and PID namespace (`enter_private_namespaces`), with
its own tmpfs on /run: no name can clash with the host's, nothing of the host is touched, and the kernel
ends every process and removes every device when the first process of the PID namespace ends, however
it ends.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

COMMAND_SECONDS = 20
_INSIDE = "USWITCH_BENCH_INSIDE"


class Failure(Exception):
    """A peer or a measure that did not work; the message says what to look at."""


def enter_private_namespaces():
    """Starts this program again inside namespaces of its own; returns only when inside them."""
    if os.environ.pop(_INSIDE, None):
        _private_run_directory()
        return
    if os.geteuid() != 0:
        sys.exit("bench/throughput needs root: it creates network namespaces, TAP and veth devices "
                 "(in private namespaces; nothing of the host is touched). Try: sudo " + sys.argv[0])
    # Each process of this chain is killed when the one before it dies, however that happens.
    child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid",
                              "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv],
                             env={**os.environ, _INSIDE: "yes"})
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one inside gets it too, and cleans up
    signal.signal(signal.SIGTERM, lambda *_: (child.kill(), sys.exit(143)))
    sys.exit(child.wait())


def _private_run_directory():
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "run", "/run")
    os.makedirs("/run/netns")
    run("ip", "link", "set", "lo", "up")


def run(*command, timeout=COMMAND_SECONDS, check=True):
    """Runs a command to its end and returns what it printed."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{command[0]} did not end within {timeout} s") from error
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def wait_until(condition, what, seconds=10.0):
    """Polls until the condition holds; a Failure that names it when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)


class Process:
    """A program in the background whose output goes to a file. Ended by its own pid only."""

    def __init__(self, command, log, name, env=None):
        self.log = pathlib.Path(log)
        self.name = name
        with open(self.log, "wb") as output:
            # stdin is a pipe that stays open: some switches take its end as an order to quit.
            self._child = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                           stdout=output, stderr=subprocess.STDOUT,
                                           env={**os.environ, **(env or {})})

    @property
    def pid(self):
        return self._child.pid

    def running(self):
        return self._child.poll() is None

    def wait(self, seconds):
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{self.name} did not end within {seconds} s") from error

    def output(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, text, seconds=15.0):
        """Waits until the output contains the text."""

        def seen():
            if text in self.output():
                return True
            if not self.running():
                raise Failure(f"{self.name} ended: {self.output().strip()[-400:]}")
            return False

        wait_until(seen, f'"{text}" from {self.name}', seconds)

    def stop(self, order=signal.SIGTERM, seconds=5):
        if self.running():
            self._child.send_signal(order)
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._child.stdin.close()


class Namespace:
    """A named network namespace."""

    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def remove(self):
        run("ip", "netns", "delete", self.name, check=False)

    def inside(self, *command):
        """The command line that runs a command in here."""
        return ["nsenter", f"--net=/run/netns/{self.name}", *command]

    def ip(self, *arguments):
        return run("ip", "-n", self.name, *arguments)

    def sysctl(self, name, value):
        run(*self.inside("sysctl", "--quiet", "--write", f"{name}={value}"))

    def has_link(self, device):
        return device in [link["ifname"] for link in json.loads(self.ip("-json", "link", "show"))]

    def mac(self, device):
        return json.loads(self.ip("-json", "link", "show", "dev", device))[0]["address"]

    def neighbour(self, address, device):
        """The MAC address it has learned for a neighbour."""
        found = json.loads(self.ip("-json", "neighbour", "show", address, "dev", device))
        if not found or "lladdr" not in found[0]:
            raise Failure(f"{self.name} knows no {address}")
        return found[0]["lladdr"]

    def received(self, device):
        """Frames the device has received so far."""
        link = json.loads(self.ip("-json", "-stats", "link", "show", "dev", device))[0]
        return link["stats64"]["rx"]["packets"]
