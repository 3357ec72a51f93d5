"""The routers that are compared: a and b are on two networks, each with its gateway."""

import plans
from peers import DEVICE, KernelBridge, Peer, Uswitch


class UswitchRouter(Uswitch):
    name, title, plan = "uswitch", "uswitch, TAP to TAP", plans.TWO_NETWORKS

    def _config(self):
        lines = [*self._head(), "networks:"]
        for end in self.ports:
            lines.append(f"  net-{end}: {{router: {_list(self.plan.side(end).routers())}, mtu: 1500}}")
        lines.append("ports:")
        for end, kind in self.ports.items():
            lines.append(f"  {end}: {{type: {kind}, netns: {self.name}-{end}, device: {DEVICE}, "
                         f"network: net-{end}, address: {_list(self.plan.side(end).addresses())}, routes: default}}")
        lines += ["routes:", f"  - {{to: {self.plan.beyond_b}, via: {self.plan.b.ip}}}"]
        return "\n".join(lines) + "\n"


class UswitchRouter2(UswitchRouter):
    name, title, workers = "uswitch-w2", "uswitch, TAP to TAP, 2 workers", 2


class UswitchRouterVeth(UswitchRouter):
    name, title, ports = "uswitch-veth", "uswitch, veth to veth", {"a": "veth", "b": "veth"}


class KernelRouter(Peer):
    """The switch's namespace forwards between its ends of two veth pairs."""

    name, title, userspace = "kernel", "kernel router, veth", False
    plan = plans.TWO_NETWORKS
    gateways = {"a": "to-a", "b": "to-b"}  # the devices with the router's addresses

    def build(self):
        switch = self.namespaces["switch"]
        self.veth_pairs()
        self.add_bridges()
        for end, device in self.gateways.items():
            for address in self.plan.side(end).routers():
                nodad = ["nodad"] if ":" in address else []
                switch.ip("address", "add", address, "dev", device, *nodad)
        switch.sysctl("net.ipv4.ip_forward", 1)
        switch.sysctl("net.ipv6.conf.all.forwarding", 1)
        switch.ip("route", "add", self.plan.beyond_b, "via", self.plan.b.ip)

    def add_bridges(self):
        """For subclasses: bridges over the ends of the veth pairs."""

    def bridge(self, name, member):
        switch = self.namespaces["switch"]
        switch.ip("link", "add", name, "type", "bridge")
        KernelBridge.keep_netfilter_away(switch)
        switch.ip("link", "set", member, "master", name)
        switch.ip("link", "set", name, "up")


class KernelBridgeRouter(KernelRouter):
    """As container engines build it: each network is a bridge that has the gateway's address."""

    name, title = "kernel-bridges", "kernel router between two bridges, veth"
    gateways = {"a": "br-a", "b": "br-b"}

    def add_bridges(self):
        for end, bridge in self.gateways.items():
            self.bridge(bridge, f"to-{end}")


def _list(addresses):
    return "[" + ", ".join(f"'{address}'" for address in addresses) + "]"


ALL = [UswitchRouter, UswitchRouter2, UswitchRouterVeth, KernelRouter, KernelBridgeRouter]
