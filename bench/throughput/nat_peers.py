"""What translates addresses: a is inside, b is outside behind an uplink that is a veth pair for every peer.

a reaches b under the router's address (masquerade); b reaches the port PUBLISHED of the router, which
is a's (destination NAT).
"""

import plans
from measures import PUBLISHED
from peers import DEVICE, Uswitch
from router_peers import KernelRouter
from topology import run

UPLINK = "to-b"


class UswitchNat(Uswitch):
    """The inner port is a TAP or a veth; the uplink is a raw port on the switch's end of the veth pair."""

    name, title, plan = "uswitch", "uswitch, TAP to raw", plans.BEHIND_NAT
    inner = "tap"

    def build(self):
        self.veth_pair("b")
        super().build()

    def _config(self):
        a, b = self.plan.a, self.plan.b
        return "\n".join([
            *self._head(),
            "networks:",
            f"  inside:  {{router: [{a.router}], mtu: 1500}}",
            f"  outside: {{router: [{b.router}], mtu: 1500, advertise: false}}",
            "ports:",
            f"  a:   {{type: {self.inner}, netns: {self.name}-a, device: {DEVICE}, network: inside, "
            f"address: [{a.address}], routes: default}}",
            f"  wan: {{type: raw, device: {UPLINK}, network: outside}}",
            "routes:",
            f"  - {{to: 0.0.0.0/0, via: {b.ip}}}",
            "nat:",
            f"  masquerade: [{{from: {a.network}, out: outside}}]",
            f"  publish: [{{on: outside, port: {PUBLISHED}, proto: tcp, to: '{a.ip}:{PUBLISHED}'}}]",
        ]) + "\n"


class UswitchNat2(UswitchNat):
    name, title, workers = "uswitch-w2", "uswitch, TAP to raw, 2 workers", 2


class UswitchNatVeth(UswitchNat):
    name, title, inner = "uswitch-veth", "uswitch, veth to raw", "veth"


class KernelNat(KernelRouter):
    """A bridge with the gateway's address, an uplink, nftables and the kernel's connection tracking."""

    name, title, plan = "kernel", "kernel bridge, nftables NAT, veth", plans.BEHIND_NAT
    needs = ("nft",)
    version_command = ("nft", "--version")
    gateways = {"a": "br0", "b": UPLINK}

    def build(self):
        super().build()
        a, b, rules = self.plan.a, self.plan.b, self.directory / "nat.nft"
        rules.write_text(f"""
table ip nat {{
  chain prerouting {{
    type nat hook prerouting priority dstnat;
    iifname "{UPLINK}" ip daddr {b.router_ip} tcp dport {PUBLISHED} dnat to {a.ip}:{PUBLISHED}
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    oifname "{UPLINK}" ip saddr {a.network} masquerade
  }}
}}
""")
        run(*self.namespaces["switch"].inside("nft", "--file", rules))

    def add_bridges(self):
        self.bridge("br0", "to-a")


ALL = [UswitchNat, UswitchNat2, UswitchNatVeth, KernelNat]
