"""Where the endpoints are: their addresses, and the router between them if there is one."""

import dataclasses
import ipaddress


@dataclasses.dataclass(frozen=True)
class Side:
    """One endpoint, as interfaces ("10.0.0.11/24"), and its gateway, as the router's interfaces there."""

    address: str
    address6: str = ""
    router: str = ""
    router6: str = ""
    routes: bool = True  # this endpoint's default route goes to the router

    @property
    def ip(self):
        return _host(self.address)

    @property
    def ip6(self):
        return _host(self.address6)

    @property
    def router_ip(self):
        return _host(self.router)

    @property
    def network(self):
        return str(ipaddress.ip_interface(self.address).network)

    def addresses(self):
        return [one for one in (self.address, self.address6) if one]

    def routers(self):
        return [one for one in (self.router, self.router6) if one]


@dataclasses.dataclass(frozen=True)
class Plan:
    a: Side
    b: Side
    # Nobody's address, but b gets what is for it: its stack drops such a frame after its routing look-up,
    # without an answer.
    nobody: str
    # A network of nobody's that the router has a route to, through b.
    beyond_b: str = ""

    def side(self, end):
        return {"a": self.a, "b": self.b}[end]


def _host(interface):
    return interface.partition("/")[0]


ONE_NETWORK = Plan(Side("10.0.0.11/24", "fd00:a::11/64"), Side("10.0.0.21/24", "fd00:a::21/64"),
                   nobody="10.0.0.200")
TWO_NETWORKS = Plan(Side("10.0.0.11/24", "fd00:a::11/64", "10.0.0.1/24", "fd00:a::1/64"),
                    Side("10.1.0.21/24", "fd00:b::21/64", "10.1.0.1/24", "fd00:b::1/64"),
                    nobody="203.0.113.200", beyond_b="203.0.113.0/24")
# b is the outside: it knows the router's address only, not what is behind it.
BEHIND_NAT = Plan(Side("10.0.0.11/24", router="10.0.0.1/24"),
                  Side("198.51.100.254/24", router="198.51.100.1/24", routes=False),
                  nobody="203.0.113.200", beyond_b="203.0.113.0/24")
