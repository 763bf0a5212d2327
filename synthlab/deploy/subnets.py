"""Chooses IPv4 subnets for a lab: derived from its name, and apart from those of the engine's other networks."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from ipaddress import IPv4Network, ip_network

from ..errors import WrongUse

POOL = IPv4Network("10.64.0.0/10")
SWARM_PREFIX = 24
"""Of the network of a lab on several machines."""


def choose_subnet(lab: str, prefix: int, taken: Collection[str]) -> IPv4Network:
    """A subnet of `POOL` with this prefix length that overlaps none of the `taken` ones. Raises WrongUse."""
    others = [network for network in map(ip_network, taken) if isinstance(network, IPv4Network)]
    first = int.from_bytes(hashlib.sha256(lab.encode()).digest()[:4])
    count = 2 ** (prefix - POOL.prefixlen)
    size = 2 ** (32 - prefix)
    for offset in range(count):
        number = (first + offset) % count
        subnet = IPv4Network((int(POOL.network_address) + number * size, prefix))
        if not any(subnet.overlaps(other) for other in others):
            return subnet
    raise WrongUse(f"every /{prefix} of {POOL} is taken: remove networks with `docker network prune`")
