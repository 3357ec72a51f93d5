"""What carries a network between two nodes: a is on one node, b on the other, and a veth pair with MTU 1500 joins them.

A node is a namespace with a switch of its own. The endpoints have the MTU that fits a tunnel, 1450.
"""

import plans
from peers import DEVICE, KernelBridge, Peer, Uswitch
from topology import run

WIRE = "wire"  # each node's device to the other
VNI = 42
MTU = 1450


class Nodes(Peer):
    """The namespaces `node-a` and `node-b`, the pair between them, and an address on each end."""

    plan = plans.ONE_NETWORK
    places = ("a", "b", "node-a", "node-b")
    underlay = {"a": "192.0.2.1", "b": "192.0.2.2"}
    prefix = 24
    plain = False  # the wire's device neither cuts nor sums: frames cross it as they would cross a simple NIC

    def wire(self):
        a, b = self.namespaces["node-a"], self.namespaces["node-b"]
        a.ip("link", "add", WIRE, "type", "veth", "peer", "name", WIRE, "netns", b.name)
        for end, node in (("a", a), ("b", b)):
            nodad = ["nodad"] if ":" in self.underlay[end] else []
            node.ip("address", "add", f"{self.underlay[end]}/{self.prefix}", "dev", WIRE, *nodad)
            node.ip("link", "set", WIRE, "up")
            if self.plain:
                run(*node.inside("ethtool", "-K", WIRE, "tx", "off", "gso", "off", "tx-udp-segmentation", "off"))

    def ends(self):
        """(own, other) of both."""
        return (("a", "b"), ("b", "a"))


class UswitchNodes(Nodes, Uswitch):
    kind, vni = "vxlan", f"vni: {VNI}, "

    def build(self):
        self.wire()
        for own, other in self.ends():
            config = self.directory / f"node-{own}.yaml"
            config.write_text(self._node(own, other))
            self.spawn(f"node-{own}", self.binary, "--config", config, log=f"uswitch-{own}").wait_for("ready")

    def _node(self, own, other):
        side = self.plan.side(own)
        return "\n".join([
            f"workers: {self.workers}", f"control: {self.directory}/{own}.sock",
            "networks: {bench: {}}",
            "tunnels:",
            f"  other: {{type: {self.kind}, network: bench, {self.vni}local: '{self.underlay[own]}', "
            f"remotes: ['{self.underlay[other]}']}}",
            "ports:",
            f"  {own}: {{type: {self.ports[own]}, netns: {self.name}-{own}, device: {DEVICE}, network: bench, "
            f"address: [{side.address}, '{side.address6}']}}",
        ]) + "\n"


class UswitchTap(UswitchNodes):
    name, title = "uswitch", "uswitch, TAP, VXLAN"


class UswitchVeth(UswitchNodes):
    name, title, ports = "uswitch-veth", "uswitch, veth, VXLAN", {"a": "veth", "b": "veth"}


class UswitchUdp(UswitchNodes):
    name, title, kind, vni = "uswitch-udp", "uswitch, TAP, plain UDP", "udp", ""


class UswitchPlain(UswitchNodes):
    name, title, plain = "uswitch", "uswitch, TAP, VXLAN", True
    needs = ("ethtool",)

    def missing(self):
        return super().missing() + Peer.missing(self)


class KernelVxlan(Nodes):
    """On each node a bridge with a vxlan device and the endpoint's veth, as container engines build it."""

    name, title, userspace = "kernel", "kernel bridge and vxlan, veth", False

    def build(self):
        self.wire()
        for own, other in self.ends():
            node = self.namespaces[f"node-{own}"]
            node.ip("link", "add", "br0", "type", "bridge")
            KernelBridge.keep_netfilter_away(node)
            node.ip("link", "add", "vx0", "mtu", MTU, "type", "vxlan", "id", VNI, "dev", WIRE, "dstport", 4789,
                    "local", self.underlay[own], "remote", self.underlay[other])
            node.ip("link", "add", f"to-{own}", "mtu", MTU, "type", "veth",
                    "peer", "name", DEVICE, "mtu", MTU, "netns", f"{self.name}-{own}")
            for device in ("vx0", f"to-{own}"):
                node.ip("link", "set", device, "master", "br0", "up")
            node.ip("link", "set", "br0", "up")
            self.configure(own)


class KernelVxlanPlain(KernelVxlan):
    plain = True
    needs = ("ethtool",)


ALL = [UswitchTap, UswitchVeth, UswitchUdp, KernelVxlan]
PLAIN = [UswitchPlain, KernelVxlanPlain]
