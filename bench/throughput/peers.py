"""The switches that are compared, all in the same place: between endpoint a and endpoint b.

Each endpoint is a namespace with a device eth0, MTU 1500, offloads as the kernel sets them, and the
addresses of the peer's plan. A peer builds everything in start() and removes it in stop(); both may be called many
times.
"""

import os
import pathlib
import shutil
import time

import plans
from topology import Failure, Namespace, Process, run, wait_until

DEVICE = "eth0"


class Peer:
    """A switch between two endpoints. Subclasses say how it is built in build()."""

    name = title = ""
    userspace = True
    ours = False
    plan = plans.ONE_NETWORK
    needs = ()  # programs
    places = ("a", "b", "switch")  # its namespaces
    version_command = None

    def __init__(self, directory):
        self.directory = pathlib.Path(directory) / self.name
        self.directory.mkdir(parents=True)
        self.processes = []
        self.namespaces = {}
        self.started = False

    # What the measures use.
    @property
    def a(self):
        return self.namespaces["a"]

    @property
    def b(self):
        return self.namespaces["b"]

    def next_hop_mac(self):
        """Where a sends what is for b: to the router, or to b itself. After start(), which has pinged b."""
        gateway = self.plan.a.router_ip
        return self.a.neighbour(gateway, DEVICE) if gateway else self.b.mac(DEVICE)

    def missing(self):
        return [program for program in self.needs if not shutil.which(program)]

    def version(self):
        if not self.version_command:
            return ""
        lines = run(*self.version_command, check=False).strip().splitlines()
        return lines[0] if lines else ""

    def start(self):
        if self.started:
            return
        self.started = True
        for place in self.places:
            self.namespaces[place] = Namespace(f"{self.name}-{place}")
        self.build()
        self._wait_for_traffic()

    def stop(self):
        for process in reversed(self.processes):
            process.stop()
        for namespace in self.namespaces.values():
            namespace.remove()
        self.processes, self.namespaces, self.started = [], {}, False

    def check_alive(self):
        for process in self.processes:
            if not process.running():
                raise Failure(f"{process.name} has ended: {process.output().strip()[-400:]}")

    # What subclasses use.
    def build(self):
        raise NotImplementedError

    def spawn(self, where, *command, log=None, env=None):
        """Starts a process of the switch in one of its namespaces."""
        name = log or pathlib.Path(str(command[0])).name
        process = Process(self.namespaces[where].inside(*command), self.directory / f"{name}.log",
                          name, env)
        self.processes.append(process)
        return process

    def veth_pairs(self):
        """eth0 of each endpoint, the other ends `to-a` and `to-b` up in the switch's namespace."""
        for end in ("a", "b"):
            self.veth_pair(end)

    def veth_pair(self, end):
        switch = self.namespaces["switch"]
        switch.ip("link", "add", f"to-{end}", "type", "veth",
                  "peer", "name", DEVICE, "netns", f"{self.name}-{end}")
        switch.ip("link", "set", f"to-{end}", "up")
        self.configure(end)

    def configure(self, end):
        namespace, side = self.namespaces[end], self.plan.side(end)
        for address in side.addresses():
            nodad = ["nodad"] if ":" in address else []
            namespace.ip("address", "add", address, "dev", DEVICE, *nodad)
        namespace.ip("link", "set", DEVICE, "up")
        for router in side.routers() if side.routes else ():
            namespace.ip("route", "add", "default", "via", router.partition("/")[0], "dev", DEVICE)

    def _wait_for_traffic(self):
        for family, address in (("-4", self.plan.b.ip), ("-6", self.plan.b.ip6)):
            if not address:
                continue
            end = time.monotonic() + 20
            ping = self.a.inside("ping", family, "-c", "1", "-W", "1", "-q", address)
            while "1 received" not in run(*ping, check=False):
                self.check_alive()
                if time.monotonic() > end:
                    raise Failure(f"no answer to a ping from {address} within 20 s")


class Direct(Peer):
    name, title, userspace = "direct", "no switch: one veth pair", False

    def build(self):
        self.a.ip("link", "add", DEVICE, "type", "veth",
                  "peer", "name", DEVICE, "netns", self.b.name)
        for end in ("a", "b"):
            self.configure(end)


class KernelBridge(Peer):
    name, title, userspace = "bridge", "kernel bridge, veth", False

    def build(self):
        switch = self.namespaces["switch"]
        switch.ip("link", "add", "br0", "type", "bridge")
        self.keep_netfilter_away(switch)
        self.veth_pairs()
        for device in ("to-a", "to-b"):
            switch.ip("link", "set", device, "master", "br0")
        switch.ip("link", "set", "br0", "up")

    @staticmethod
    def keep_netfilter_away(namespace):
        """Where br_netfilter is loaded, bridged frames would walk through iptables."""
        for family in ("ip", "ip6", "arp"):
            setting = f"/proc/sys/net/bridge/bridge-nf-call-{family}tables"
            if os.path.exists(setting):
                run(*namespace.inside("sh", "-c", f"echo 0 > {setting}"))


class OpenVSwitch(Peer):
    """The userspace datapath, with its own database and daemons.

    Without userspace-tso it takes frames whose checksum the endpoint's kernel left to the device and
    passes them on as they are: ping works, TCP and UDP do not. So this one peer needs checksum
    offload switched off in the endpoints, which its documentation asks for.
    """

    name, title, tso = "ovs", "Open vSwitch userspace (endpoints' checksum offload off)", False
    needs = ("ethtool", "ovs-vswitchd", "ovsdb-server", "ovsdb-tool", "ovs-vsctl")
    version_command = ("ovs-vswitchd", "--version")
    schema = "/usr/share/openvswitch/vswitch.ovsschema"

    def build(self):
        database, socket = self.directory / "conf.db", self.directory / "db.sock"
        env = {f"OVS_{kind}DIR": str(self.directory) for kind in ("RUN", "LOG", "DB", "SYSCONF")}
        database.unlink(missing_ok=True)
        run("ovsdb-tool", "create", database, self.schema)
        self.spawn("switch", "ovsdb-server", database, f"--remote=punix:{socket}",
                   f"--unixctl={self.directory}/db.ctl", env=env)
        wait_until(socket.exists, "the socket of ovsdb-server")
        vsctl = self.namespaces["switch"].inside("ovs-vsctl", f"--db=unix:{socket}", "--timeout=10")
        run(*vsctl, "--no-wait", "init")
        run(*vsctl, "--no-wait", "set", "Open_vSwitch", ".",
            f"other_config:userspace-tso-enable={'true' if self.tso else 'false'}")
        self.spawn("switch", "ovs-vswitchd", f"unix:{socket}",
                   f"--unixctl={self.directory}/switch.ctl", env=env)
        self.veth_pairs()
        if not self.tso:
            for end in (self.a, self.b):
                run(*end.inside("ethtool", "-K", DEVICE, "tx", "off"))
        run(*vsctl, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        run(*vsctl, "add-port", "br0", "to-a", "--", "add-port", "br0", "to-b")


class OpenVSwitchTso(OpenVSwitch):
    name, title, tso = "ovs-tso", "Open vSwitch userspace, userspace-tso-enable", True


class Vde(Peer):
    name, title = "vde", "vde_switch, TAP"
    needs = ("vde_switch", "vde_plug2tap")
    version_command = ("vde_switch", "--version")

    def build(self):
        socket = self.directory / "switch.ctl"
        shutil.rmtree(socket, ignore_errors=True)
        self.spawn("switch", "vde_switch", "--nostdin", "--sock", socket)
        wait_until((socket / "ctl").exists, "the socket of vde_switch")
        for end in ("a", "b"):
            self.spawn(end, "vde_plug2tap", "--sock", socket, DEVICE, log=f"plug-{end}")
            wait_until(lambda: self.namespaces[end].has_link(DEVICE), "the TAP of vde_plug2tap")
            self.configure(end)


class Testpmd(Peer):
    name, title = "testpmd", "DPDK testpmd, net_tap"
    needs = ("dpdk-testpmd",)

    def version(self):
        found = run("sh", "-c", "dpkg-query -W -f '${Version}' dpdk-dev 2>/dev/null", check=False)
        return f"DPDK {found}" if found else ""

    def build(self):
        cores = sorted(os.sched_getaffinity(0))
        lcores = f"{cores[0]},{cores[1]}" if len(cores) > 1 else f"(0-1)@{cores[0]}"
        select = ("-l", lcores) if len(cores) > 1 else ("--lcores", lcores)
        testpmd = self.spawn(
            "switch", "stdbuf", "--output=L", "dpdk-testpmd", *select, "--no-huge", "-m", "256", "--no-pci",
            "--file-prefix", self.name, "--vdev=net_tap0,iface=to-a", "--vdev=net_tap1,iface=to-b",
            "--", "--forward-mode=io", "--nb-cores=1", "--total-num-mbufs=16384", log="testpmd")
        testpmd.wait_for("Press enter to exit", 30)
        for end in ("a", "b"):
            self.namespaces["switch"].ip("link", "set", f"to-{end}", "name", DEVICE,
                                         "netns", f"{self.name}-{end}")
            self.configure(end)


class Uswitch(Peer):
    """uswitch with the address guard on, as its users run it."""

    ours = True
    ports = {"a": "tap", "b": "tap"}
    workers = 1
    binary = None  # set by the command line

    def missing(self):
        return [] if os.access(self.binary, os.X_OK) else [str(self.binary)]

    def version(self):
        return run(self.binary, "--version", check=False).strip()

    def build(self):
        config = self.directory / "uswitch.yaml"
        config.write_text(self._config())
        self.spawn("switch", self.binary, "--config", config, log="uswitch").wait_for("ready")

    def _head(self):
        return [f"workers: {self.workers}", f"control: {self.directory}/control.sock"]

    def _config(self):
        lines = [*self._head(), "networks:", "  bench: {mtu: 1500}", "ports:"]
        for end, kind in self.ports.items():
            lines.append(f"  {end}: {{type: {kind}, netns: {self.name}-{end}, device: {DEVICE}, "
                         f"network: bench, address: [{self.plan.side(end).address}, "
                         f"'{self.plan.side(end).address6}']}}")
        return "\n".join(lines) + "\n"


class UswitchTap(Uswitch):
    name, title = "uswitch", "uswitch, TAP to TAP"


class UswitchTap2(Uswitch):
    name, title, workers = "uswitch-w2", "uswitch, TAP to TAP, 2 workers", 2


class UswitchVeth(Uswitch):
    name, title, ports = "uswitch-veth", "uswitch, veth to veth", {"a": "veth", "b": "veth"}


class UswitchMixed(Uswitch):
    name, title, ports = "uswitch-tap-veth", "uswitch, TAP to veth", {"a": "tap", "b": "veth"}


ALL = [UswitchTap, UswitchTap2, UswitchVeth, UswitchMixed, KernelBridge, OpenVSwitchTso, OpenVSwitch,
       Testpmd, Vde, Direct]
