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
from peers import DEVICE
from topology import Failure, Process, run, wait_until

WARM_UP_SECONDS = 0.5
PACED_RATE = 100_000
PUBLISHED = 5201  # the port of iperf3, which a NAT publishes
CONNECTIONS_AT_ONCE = 32
_HTTP_PORT = 8080
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
    Figure("tcp1_publish", "gbps", "TCP into a published port, 1 stream", "Gbit/s", compared=True,
           short="TCP x1 in"),
    Figure("tcp1_publish", "retransmits", "TCP into a published port, retransmits", "segments", False, 0,
           short="retrans x1 in"),
    Figure("cps", "kcps", "HTTP, a connection for each request", "thousand/s", compared=True,
           short="connections"),
    Figure("cps", "errors", "HTTP, requests that failed", "requests", False, 0, short="failed"),
    Figure("cps", "p99_ms", "HTTP, a connection for each request, 99 of 100 within", "ms", False,
           short="p99"),
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


def tcp(peer, seconds, streams, address=None):
    return _tcp_figures(_iperf(peer.a, peer.b, address or peer.plan.b.ip, peer, seconds, "-P", streams))


def tcp_publish(peer, seconds):
    """From the outside to the router's address: the server is in a."""
    return _tcp_figures(_iperf(peer.b, peer.a, peer.plan.b.router_ip, peer, seconds))


def _tcp_figures(end):
    return {"gbps": end["sum_received"]["bits_per_second"] / 1e9,
            "retransmits": end["sum_sent"]["retransmits"]}


def udp(peer, seconds):
    """Datagrams of 18 B: frames of 60 B through both sockets, limited by iperf3 itself for most peers."""
    total = _iperf(peer.a, peer.b, peer.plan.b.ip, peer, seconds, "-u", "-b", "0", "-l", "18")["sum"]
    received = total["packets"] - total["lost_packets"]
    return {"kpps": received / total["seconds"] / 1e3, "loss_percent": total["lost_percent"]}


def blast(peer, seconds, generators=1, rate=0):
    """Frames that arrive at b's device, and the cores that were busy with it, generators included."""
    tool = _blast_tool(peer.directory.parent)
    command = peer.a.inside(tool, DEVICE, peer.a.mac(DEVICE), peer.next_hop_mac(), peer.plan.a.ip,
                            peer.plan.nobody, seconds + 2 * WARM_UP_SECONDS)
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
    said = run(*peer.a.inside("ping", "-f", "-q", "-w", max(1, round(seconds)), peer.plan.b.ip),
               timeout=seconds + 10)
    times = re.search(r"rtt min/avg/max/mdev = [\d.]+/([\d.]+)/[\d.]+/([\d.]+) ms", said)
    loss = re.search(r"([\d.]+)% packet loss", said)
    if not times:
        raise Failure("no answer to ping -f")
    return {"avg_us": float(times[1]) * 1e3, "mdev_us": float(times[2]) * 1e3,
            "loss_percent": float(loss[1])}


def cps(peer, seconds):
    """Connections a second: each is opened by a, asks b's web server for a few bytes, and is closed by b."""
    server = _web_server(peer)
    try:
        wait_until(lambda: _listening(server.pid, _HTTP_PORT), "nginx", 5)
        said = run(*peer.a.inside("wrk", "--threads", "1", "--connections", CONNECTIONS_AT_ONCE, "--duration",
                                  f"{seconds}s", "--latency", "--header", "Connection: close",
                                  f"http://{peer.plan.b.ip}:{_HTTP_PORT}/"), timeout=seconds + 20)
    finally:
        server.stop(seconds=2)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if not rate or not p99 or float(rate[1]) == 0:
        raise Failure(f"wrk said: {said[-200:]}")
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return {"kcps": float(rate[1]) / 1e3,
            "errors": sum(map(int, errors.groups() if errors else ())) + int(refused[1] if refused else 0),
            "p99_ms": float(p99[1]) * {"us": 1e-3, "ms": 1, "s": 1e3}[p99[2]]}


def _web_server(peer):
    """nginx in b with nothing of the machine's own configuration."""
    config = peer.directory / "nginx.conf"
    config.write_text(f"""
daemon off; worker_processes 1; pid {peer.directory}/nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {peer.directory}/nginx-body; proxy_temp_path {peer.directory}/nginx-proxy;
  fastcgi_temp_path {peer.directory}/nginx-fastcgi; uwsgi_temp_path {peer.directory}/nginx-uwsgi;
  scgi_temp_path {peer.directory}/nginx-scgi;
  server {{ listen {_HTTP_PORT} backlog=4096; location / {{ return 200 "hello\\n"; }} }}
}}
""")
    return Process(peer.b.inside("nginx", "-e", "stderr", "-p", peer.directory, "-c", config),
                   peer.directory / "nginx.log", "nginx")


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
    "tcp1v6": lambda peer, seconds: tcp(peer, seconds, 1, peer.plan.b.ip6),
    "tcp1_publish": tcp_publish,
    "cps": cps,
    "udp": udp,
    "blast": blast,
    "flood": lambda peer, seconds: blast(peer, seconds, generators=os.cpu_count()),
    "paced": paced,
    "rtt": rtt,
    "idle": idle,
}


def _iperf(client, server_in, address, peer, seconds, *options):
    """One run of an iperf3 client and a one-off server; the "end" part of the client's report."""
    server = Process(server_in.inside("iperf3", "--server", "--one-off", "--port", PUBLISHED),
                     peer.directory / "iperf3-server.log", "iperf3")
    try:
        wait_until(lambda: _listening(server.pid, PUBLISHED), "iperf3 server", 5)
        said = run(*client.inside("iperf3", "--client", address, "--port", PUBLISHED, "--json",
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


def _listening(pid, port):
    wanted = f":{port:04X} "
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
