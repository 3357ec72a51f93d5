"""How much processor time a stretch of time took: of the whole machine, and of some processes."""

import os
import pathlib
import time

_TICKS = os.sysconf("SC_CLK_TCK")


class BusyCores:
    """From construction to read(): how many CPUs were busy on average, whoever kept them busy.

    Counts what is not idle, which the kernel measures exactly; its user, system and softirq figures
    are sampled on the tick and miss work that starts and ends between two ticks.
    """

    def __init__(self):
        self._start = self._now()

    @staticmethod
    def _now():
        fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        idle, waiting, stolen = int(fields[3]), int(fields[4]), int(fields[7])
        return time.monotonic(), (idle + waiting + stolen) / _TICKS

    def read(self):
        (then, idle_then), (now, idle_now) = self._start, self._now()
        return max(0.0, os.cpu_count() - (idle_now - idle_then) / (now - then))


def process_seconds(pids):
    """CPU seconds the processes have used so far."""
    return sum(_process_seconds(pid) for pid in pids)


def _process_seconds(pid):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0]) / 1e9
        except FileNotFoundError:  # a kernel without schedstat
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def resident_mib(pids):
    """Resident memory of the processes."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total / 1024
