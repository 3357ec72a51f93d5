"""What a figure depends on: said beside every result, without naming the machine."""

import datetime
import os
import pathlib
import platform
import re
import time

import cpu
from topology import run


def describe():
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "virtual": "hypervisor" in _read("/proc/cpuinfo"),
        "memory_gib": round(_memory_kib() / 2**20, 1),
        "kernel": platform.release().split("-")[0],
        "distribution": _distribution(),
        "mitigations": _mitigations(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "unknown",
        "iperf3": run("iperf3", "--version", check=False).splitlines()[0],
        "revision": _revision(),
    }


def background(seconds=1.0):
    """Busy cores while nothing is measured: what the machine does besides."""
    busy = cpu.BusyCores()
    time.sleep(seconds)
    return round(busy.read(), 2)


def _read(path):
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return ""


def _cpu_model():
    found = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory_kib():
    return int(re.search(r"MemTotal:\s+(\d+)", _read("/proc/meminfo"))[1])


def _distribution():
    found = re.search(r'^PRETTY_NAME="?([^"\n]+)', _read("/etc/os-release"), re.MULTILINE)
    return found[1] if found else "unknown"


def _mitigations():
    """The vulnerabilities this CPU has, and what the kernel does about each."""
    folder = pathlib.Path("/sys/devices/system/cpu/vulnerabilities")
    states = {path.name: _read(path) for path in sorted(folder.glob("*"))}
    return {name: state for name, state in states.items() if state and state != "Not affected"}


def _revision():
    here = str(pathlib.Path(__file__).parent)
    said = run("git", "-c", "safe.directory=*", "-C", here, "describe", "--always", "--dirty",
               check=False)
    return said.strip() or "unknown"
