"""The suites: which peers stand in the same place, and what is measured between their endpoints."""

import dataclasses

import measures
import nat_peers
import overlay_peers
import peers
import router_peers


@dataclasses.dataclass(frozen=True)
class Suite:
    name: str
    peers: list
    reference: type  # ratios are to this peer
    reference_title: str
    measures: list  # those measured when none is asked for
    also: list  # those that may be asked for
    noun: str  # what each peer is
    about: str  # what stands between the two namespaces
    programs: tuple = ()
    file: str = ""  # the results' name, the suite's if it has none

    def result_name(self, date):
        return f"{self.file or self.name}-{date}"

    def described(self):
        """What the report must know of it."""
        return {"name": self.name, "reference": self.reference.name,
                "reference_title": self.reference_title, "noun": self.noun, "about": self.about}


_SWITCH = ["tcp1", "tcp4", "tcp1v6", "udp", "blast", "flood", "paced", "rtt", "idle"]
_NODES = "Two namespaces on two nodes, with a switch on each node and a tunnel over a veth pair"

ALL = {suite.name: suite for suite in (
    Suite("switch", peers.ALL, peers.KernelBridge, "the kernel bridge", _SWITCH, [],
          "switch", "Two namespaces joined by each switch in turn", file="throughput"),
    Suite("router", router_peers.ALL, router_peers.KernelRouter, "the kernel router",
          ["tcp1", "tcp4", "tcp1v6", "blast", "paced", "rtt"], ["udp", "flood", "idle"],
          "router", "Two namespaces on two networks joined by each router in turn"),
    Suite("nat", nat_peers.ALL, nat_peers.KernelNat, "the kernel's NAT",
          ["tcp1", "tcp4", "tcp1_publish", "cps", "blast", "paced", "rtt"], ["udp", "flood", "idle"],
          "NAT", "An inner and an outer namespace joined by each NAT in turn: masquerade outwards, a published "
          "port inwards", programs=("wrk", "nginx")),
    Suite("overlay", overlay_peers.ALL, overlay_peers.KernelVxlan, "the kernel's vxlan",
          ["tcp1", "tcp4", "tcp1v6", "udp", "blast", "paced", "rtt"], ["flood", "idle"],
          "overlay", _NODES),
    Suite("overlay-plain", overlay_peers.PLAIN, overlay_peers.KernelVxlanPlain, "the kernel's vxlan",
          ["tcp1", "tcp4", "blast"], ["tcp1v6", "udp", "flood", "paced", "rtt", "idle"],
          "overlay over a NIC without offloads", f"{_NODES} that neither cuts nor sums"),
)}

for _suite in ALL.values():
    assert set(_suite.measures + _suite.also) <= set(measures.MEASURES)
