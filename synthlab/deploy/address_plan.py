"""The networks of a lab with routers, and the address of each container in them.

All addresses are fixed: Docker's DNS knows only the networks that a container is in, so whoever is behind a router gets
the others' names as hosts with addresses, and routes lead to addresses, which must outlive a restart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from ..contract import SFU_HOST, TURN_HOST, companion_name
from ..errors import WrongUse
from ..stack import Sfu, Stack, StackClient, StackRouter
from .subnets import choose_subnet

DEFAULT = "default"
BLOCK_PREFIX, DEFAULT_PREFIX, LAN_PREFIX = 20, 22, 24
_FIRST = 2
"""The first address of a network is the host's, as Docker has it."""


def lan_of(router: str) -> str:
    """The name of a router's own network in the Compose file."""
    return f"lan-{router}"


@dataclass(frozen=True)
class AddressPlan:
    """`subnets` by the name of the network; `places` has the address of each container in each of its networks.

    `spares` has the further address of each client in each lan that it can be in, for `roam --new-address`.
    """

    subnets: Mapping[str, IPv4Network]
    places: Mapping[str, Mapping[str, IPv4Address]]
    routers: Mapping[str, StackRouter]
    spares: Mapping[str, Mapping[str, IPv4Address]]

    def networks(self, container: str) -> dict[str, str]:
        """The networks of a container, each with its address there."""
        return {network: str(address) for network, address in self.places[container].items()}

    def environment(self, container: str, uplink: str | None) -> dict[str, str]:
        """The variables that route what leaves a container behind `uplink`; the sfu's companion has the sfu's name."""
        network = _network_of(uplink)
        gateway = {"SYNTHLAB_GATEWAY": str(self.places[uplink][network])} if uplink else {}
        return gateway | self._routes(container, [network])

    def client_environment(self, client: StackClient) -> dict[str, str]:
        """The same of a client, which can change between its uplinks, and between two addresses in each."""
        if not client.uplinks:
            return self.environment(client.name, None)
        lans = {uplink: lan_of(uplink) for uplink in client.uplinks}
        places = [
            f"{uplink}={self.subnets[lan]},{self.places[uplink][lan]},{self.spares[client.name][lan]}"
            for uplink, lan in lans.items()
        ]
        return {
            **self.environment(client.name, client.uplink),
            **self._routes(client.name, list(lans.values())),
            "SYNTHLAB_UPLINKS": " ".join(places),
        }

    def router_environment(self, router: StackRouter) -> dict[str, str]:
        """The same of a router, which has a lan of its own."""
        outside, inside = _network_of(router.uplink), lan_of(router.name)
        return {
            **self.environment(router.name, router.uplink),
            **self._routes(router.name, [outside, inside]),
            "SYNTHETIC_NETWORK": str(self.subnets[outside]),
            "SYNTHLAB_LAN": str(self.subnets[inside]),
        }

    def hosts(self, uplinks: Collection[str]) -> tuple[str, ...]:
        """`name:address` of all that whoever has these uplinks can reach, and Docker's DNS does not know there."""
        found: dict[str, IPv4Address] = {}
        own = {lan_of(uplink) for uplink in uplinks}
        for above in dict.fromkeys(above for uplink in uplinks for above in self._above(uplink)):
            for name, addresses in self._named.items():
                if not own & addresses.keys() and (address := addresses.get(_network_of(above))) is not None:
                    found.setdefault(name, address)
        return tuple(f"{name}:{address}" for name, address in found.items())

    @cached_property
    def _named(self) -> dict[str, Mapping[str, IPv4Address]]:
        """The places by host name: a companion's is its server's."""
        servers = {companion_name(SFU_HOST): SFU_HOST}
        return {servers.get(name, name): addresses for name, addresses in self.places.items()}

    def _routes(self, container: str, networks: Collection[str]) -> dict[str, str]:
        """The lans behind the routers of these networks, each with its router's address there."""
        routes = [
            f"{self.subnets[lan_of(below.name)]}={self.places[router.name][network]}"
            for network in networks
            for router in self.routers.values()
            if _network_of(router.uplink) == network and router.name != container
            for below in (router, *self._below(router))
        ]
        return {"SYNTHLAB_ROUTES": " ".join(routes)} if routes else {}

    def _above(self, router: str) -> Iterator[str | None]:
        """The uplinks on the way from a router to the lab's network, which is None."""
        uplink: str | None = router
        while uplink is not None:
            uplink = self.routers[uplink].uplink
            yield uplink

    def _below(self, router: StackRouter) -> Iterator[StackRouter]:
        """All routers that are behind this one."""
        for other in self.routers.values():
            if other.uplink == router.name:
                yield other
                yield from self._below(other)


def plan_addresses(stack: Stack, taken: Collection[str] = ()) -> AddressPlan | None:
    """The plan, apart from the `taken` subnets; None for a lab without routers, where Docker chooses.

    Raises WrongUse if a network has too few addresses.
    """
    if not stack.routers:
        return None
    block = choose_subnet(stack.name, BLOCK_PREFIX, taken)
    default = next(block.subnets(new_prefix=DEFAULT_PREFIX))
    lans = [subnet for subnet in block.subnets(new_prefix=LAN_PREFIX) if not subnet.overlaps(default)]
    subnets = {DEFAULT: default} | {
        lan_of(router.name): subnet for router, subnet in zip(stack.routers, lans, strict=False)
    }
    places: dict[str, dict[str, IPv4Address]] = {}
    spares: dict[str, dict[str, IPv4Address]] = {}
    used, left = dict.fromkeys(subnets, _FIRST - 1), {name: net.num_addresses - 2 for name, net in subnets.items()}
    for name, network, spare in _members(stack):
        used[network] += 1
        places.setdefault(name, {})[network] = subnets[network][used[network]]
        if spare:
            spares.setdefault(name, {})[network] = subnets[network][left[network]]
            left[network] -= 1
        if used[network] > left[network]:
            raise WrongUse(f"{stack.file}: too many clients in the network {network}: move some behind another router")
    return AddressPlan(subnets, places, {router.name: router for router in stack.routers}, spares)


def _members(stack: Stack) -> Iterator[tuple[str, str, bool]]:
    """Each container with each of its networks, and whether it has a spare address there.

    A router is the first in its own. Only clients behind routers have spare addresses.
    """
    yield from ((router.name, lan_of(router.name), False) for router in stack.routers)
    if isinstance(stack.sfu, Sfu):
        yield companion_name(SFU_HOST), DEFAULT, False
    if stack.turn:
        yield TURN_HOST, DEFAULT, False
    yield from ((router.name, _network_of(router.uplink), False) for router in stack.routers)
    for client in stack.clients:
        yield from ((client.name, lan_of(uplink), True) for uplink in client.uplinks)
        if not client.uplinks:
            yield client.name, DEFAULT, False


def _network_of(uplink: str | None) -> str:
    """The network in which whoever has this uplink is."""
    return lan_of(uplink) if uplink else DEFAULT
