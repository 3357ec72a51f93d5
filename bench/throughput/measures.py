"""What is measured between endpoint a and endpoint b of a peer.

A measure runs for some seconds and returns the figures of that run by name. FIGURES says of each
figure what it is, its unit and which direction is better.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import time

import cpu
from peers import ADDRESS, ADDRESS6, DEVICE
from topology import Failure, Process, run, wait_until

WARM_UP_SECONDS = 0.5
PACED_RATE = 100_000
# Nobody's address: b's stack drops the frame after its routing look-up, without an answer.
BLAST_TO = "10.0.0.200"
_IPERF_PORT = 5201
_SOURCE = pathlib.Path(__file__).with_name("blast.cpp")


@dataclasses.dataclass(frozen=True)
class Figure:
    measure: str
    name: str
    title: str
    unit: str
    higher_is_better: bool = True
    digits: int = 2
    compared: bool = False  # shown as ratios to the other peers
    short: str = ""

    @property
    def key(self):
        return f"{self.measure}.{self.name}"


FIGURES = [
    Figure("tcp1", "gbps", "TCP, 1 stream", "Gbit/s", compared=True, short="TCP x1"),
    Figure("tcp1", "retransmits", "TCP, 1 stream, retransmits", "segments", False, 0, short="retrans x1"),
    Figure("tcp4", "gbps", "TCP, 4 streams", "Gbit/s", compared=True, short="TCP x4"),
    Figure("tcp4", "retransmits", "TCP, 4 streams, retransmits", "segments", False, 0, short="retrans x4"),
    Figure("tcp1v6", "gbps", "TCP over IPv6, 1 stream", "Gbit/s", compared=True, short="TCPv6 x1"),
    Figure("udp", "kpps", "UDP of 18 B payload, received", "kpps", digits=0, compared=True, short="UDP"),
    Figure("udp", "loss_percent", "UDP of 18 B payload, lost", "%", False, 0, short="UDP loss"),
    Figure("blast", "kpps", "60 B frames, one generator", "kpps", digits=0, compared=True,
           short="blast"),
    Figure("blast", "busy_cores", "60 B frames, one generator, busy cores", "cores", False,
           short="blast cores"),
    Figure("blast", "sent_kpps", "60 B frames, one generator, taken by a's device", "kpps", digits=0,
           short="blast sent"),
    Figure("blast", "kpps_per_core", "60 B frames, one generator, per busy core", "kpps/core",
           digits=0, compared=True, short="blast/core"),
    Figure("flood", "kpps", "60 B frames, a generator on every CPU", "kpps", digits=0, compared=True,
           short="flood"),
    Figure("flood", "busy_cores", "60 B frames, a generator on every CPU, busy cores", "cores", False,
           short="flood cores"),
    Figure("paced", "cpu_us", f"CPU time a frame at {PACED_RATE // 1000} kpps", "us", False,
           compared=True, short="CPU/frame"),
    Figure("paced", "loss_percent", f"lost at {PACED_RATE // 1000} kpps", "%", False, 0,
           short="paced loss"),
    Figure("rtt", "avg_us", "ping -f round trip", "us", False, 1, compared=True, short="RTT"),
    Figure("rtt", "mdev_us", "ping -f deviation", "us", False, 1, short="RTT mdev"),
    Figure("idle", "cpu_percent", "CPU of the idle switch", "% of a core", False, short="idle CPU"),
    Figure("idle", "rss_mib", "resident memory of the switch", "MiB", False, 1, short="RSS"),
]


def tcp(peer, seconds, streams, address=ADDRESS["b"]):
    end = _iperf(peer, seconds, address, "-P", streams)
    return {"gbps": end["sum_received"]["bits_per_second"] / 1e9,
            "retransmits": end["sum_sent"]["retransmits"]}


def udp(peer, seconds):
    """Datagrams of 18 B: frames of 60 B through both sockets, limited by iperf3 itself for most peers."""
    total = _iperf(peer, seconds, ADDRESS["b"], "-u", "-b", "0", "-l", "18")["sum"]
    received = total["packets"] - total["lost_packets"]
    return {"kpps": received / total["seconds"] / 1e3, "loss_percent": total["lost_percent"]}


def blast(peer, seconds, generators=1, rate=0):
    """Frames that arrive at b's device, and the cores that were busy with it, generators included."""
    tool = _blast_tool(peer.directory.parent)
    command = peer.a.inside(tool, DEVICE, peer.a.mac(DEVICE), peer.b.mac(DEVICE), ADDRESS["a"],
                            BLAST_TO, seconds + 2 * WARM_UP_SECONDS)
    if rate:
        command += ["--rate", rate]
    with contextlib.ExitStack() as running:
        started = [Process(command, peer.directory / f"blast-{i}.log", "blast") for i in range(generators)]
        for process in started:
            running.callback(process.stop)
        time.sleep(WARM_UP_SECONDS)
        busy, then, before = cpu.BusyCores(), time.monotonic(), peer.b.received(DEVICE)
        time.sleep(seconds)
        after, took, cores = peer.b.received(DEVICE), time.monotonic() - then, busy.read()
        for process in started:
            if process.wait(seconds + 10) != 0:
                raise Failure(process.output().strip())
        said = [json.loads(process.output()) for process in started]
    if after == before:
        raise Failure("no frame arrived")
    pps = (after - before) / took
    return {"kpps": pps / 1e3, "busy_cores": cores, "kpps_per_core": pps / 1e3 / cores,
            "sent_kpps": sum(one["accepted"] / one["seconds"] for one in said) / 1e3}


def paced(peer, seconds):
    """What a frame costs the whole machine when the switch is not overloaded."""
    found = blast(peer, seconds, rate=PACED_RATE)
    pps = found["kpps"] * 1e3
    return {"cpu_us": found["busy_cores"] / pps * 1e6, "kpps": found["kpps"],
            "loss_percent": max(0.0, 100 * (1 - pps / PACED_RATE))}


def rtt(peer, seconds):
    said = run(*peer.a.inside("ping", "-f", "-q", "-w", max(1, round(seconds)), ADDRESS["b"]),
               timeout=seconds + 10)
    times = re.search(r"rtt min/avg/max/mdev = [\d.]+/([\d.]+)/[\d.]+/([\d.]+) ms", said)
    loss = re.search(r"([\d.]+)% packet loss", said)
    if not times:
        raise Failure("no answer to ping -f")
    return {"avg_us": float(times[1]) * 1e3, "mdev_us": float(times[2]) * 1e3,
            "loss_percent": float(loss[1])}


def idle(peer, seconds):
    pids = [process.pid for process in peer.processes]
    if not pids:
        return {}  # a switch in the kernel, or none
    then, before = time.monotonic(), cpu.process_seconds(pids)
    time.sleep(seconds)
    used = (cpu.process_seconds(pids) - before) / (time.monotonic() - then)
    return {"cpu_percent": 100 * used, "rss_mib": cpu.resident_mib(pids)}


MEASURES = {
    "tcp1": lambda peer, seconds: tcp(peer, seconds, 1),
    "tcp4": lambda peer, seconds: tcp(peer, seconds, 4),
    "tcp1v6": lambda peer, seconds: tcp(peer, seconds, 1, ADDRESS6["b"]),
    "udp": udp,
    "blast": blast,
    "flood": lambda peer, seconds: blast(peer, seconds, generators=os.cpu_count()),
    "paced": paced,
    "rtt": rtt,
    "idle": idle,
}


def _iperf(peer, seconds, address, *options):
    """One run of an iperf3 client in a and a one-off server in b; the "end" part of its report."""
    server = Process(peer.b.inside("iperf3", "--server", "--one-off", "--port", _IPERF_PORT),
                     peer.directory / "iperf3-server.log", "iperf3")
    try:
        wait_until(lambda: _listening(server.pid), "iperf3 server", 5)
        said = run(*peer.a.inside("iperf3", "--client", address, "--port", _IPERF_PORT, "--json",
                                  "--time", seconds, "--connect-timeout", "3000", *options),
                   timeout=seconds + 20, check=False)
    finally:
        server.stop(seconds=1)
    try:
        report = json.loads(said)
    except json.JSONDecodeError as error:
        raise Failure(f"iperf3 said: {said[-200:]}") from error
    if "error" in report:
        raise Failure(f"iperf3: {report['error']}")
    return report["end"]


def _listening(pid):
    wanted = f":{_IPERF_PORT:04X} "
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines():
            fields = line.split()
            if f"{fields[1]} ".endswith(wanted) and fields[3] == "0A":
                return True
    return False


def _blast_tool(directory):
    tool = directory / "blast"
    if not tool.exists():
        compiler = os.environ.get("CXX", "c++")
        run(compiler, "-std=c++20", "-O2", "-o", tool, _SOURCE, timeout=60)
    return tool
