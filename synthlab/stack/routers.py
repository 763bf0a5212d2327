"""Reads the `routers:` of a stack file, and whose link a client or router uses: its `uplink`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from syntheticnet.conditions import ConditionsError, Nat

from ..errors import did_you_mean
from .compose_source import ComposeFile
from .fields import read_network, refuse_bad_name
from .mistakes import Mistakes
from .model import ExternalSfu, Ip, Sfu, StackClient, StackNetwork, StackRouter
from .yaml import Node

ROUTER_KEYS = ("uplink", "nat", "network")
MOST_ROUTERS = 12
MOST_UPLINKS = 4
DEFAULT_NAT = Nat(kind="port-restricted")
"""That of most home routers: what Linux does without being told otherwise."""


def read_routers(
    node: Node, folder: Path, taken: Mapping[str, str]
) -> tuple[tuple[StackRouter, ...], dict[str, StackNetwork]]:
    """The routers in file order, and the network of each by name; `folder` is that of the file.

    `taken` are the names of the lab's other containers, each with what has it. Raises WrongUse.
    """
    entries = node.mapping(what="a mapping from routers' names to what they are, such as {home: {nat: symmetric}}")
    if len(entries) > MOST_ROUTERS:
        node.wrong(f"{len(entries)} routers; at most {MOST_ROUTERS} are allowed")
    mistakes, networks = Mistakes(), dict[str, StackNetwork]()
    for name, entry in entries.items():
        with mistakes.noted():
            _refuse_name(name, entry, taken)
            networks[name] = _read_router(entry, folder)
    mistakes.report()
    routers = {name: StackRouter(name=name, uplink=_uplink(entry, entries)) for name, entry in entries.items()}
    for name, entry in entries.items():
        _refuse_cycle(name, entry, routers)
    return tuple(routers.values()), networks


def refuse_beside_routers(node: Node, ip: Ip, sfu: Sfu | ExternalSfu | None, compose: ComposeFile | None) -> None:
    """Raise WrongUse for what does not work in a lab with routers."""
    if ip != "ipv4":
        node.wrong(f"routers route IPv4 only, and the stack has `ip: {ip}`: remove one of the two")
    if compose:
        node.wrong("clients behind a router cannot find the services of a Compose file: remove `routers` or `compose`")
    if isinstance(sfu, ExternalSfu):
        node.wrong(
            "a lab with routers has no way to the Internet, where `sfu: {external: ...}` is: use an app or image"
        )


def with_uplinks(
    clients: tuple[StackClient, ...], described: Node | None, routers: Node | None
) -> tuple[StackClient, ...]:
    """The clients, each with the routers of its networks; `described` and `routers` are their entries in the file."""
    if described is None:
        return clients
    named = routers.value if routers and isinstance(routers.value, dict) else {}
    uplinks: dict[str, tuple[str, ...]] = {}
    mistakes = Mistakes()
    for group in dict.fromkeys(client.group for client in clients):
        with mistakes.noted():
            uplinks[group] = _read_uplinks(described.value[group], named)
    for client in clients:
        for name in {client.name, client.group} & named.keys():
            with mistakes.noted():
                named[name].wrong("is the name of a client, too: rename the router")
    mistakes.report()
    return tuple(replace(client, uplinks=uplinks.get(client.group, ())) for client in clients)


def _read_uplinks(client: Node, routers: Mapping[str, object]) -> tuple[str, ...]:
    """The routers of a client's `uplink` or `uplinks`; none for one in the lab's network."""
    keys = client.value
    if "uplinks" not in keys:
        return (_read_uplink(keys["uplink"], routers),) if "uplink" in keys else ()
    if "uplink" in keys:
        keys["uplink"].wrong("cannot be combined with uplinks: the first of those is in use at the start")
    nodes = keys["uplinks"].items("the routers that it can be behind, such as [home, lte]")
    names = [_read_uplink(node, routers) for node in nodes]
    if not 2 <= len(set(names)) == len(names) <= MOST_UPLINKS:
        keys["uplinks"].wrong(f"must name 2 to {MOST_UPLINKS} different routers, such as [home, lte]")
    return tuple(names)


def _read_uplink(node: Node, routers: Mapping[str, object]) -> str:
    """The router whose link is used. Raises WrongUse for a name that no router has."""
    name = node.text("the name of a router")
    if name not in routers:
        known = f"there are: {', '.join(routers)}" if routers else "the stack has no `routers`"
        node.wrong(f"no router '{name}'{did_you_mean(name, routers)}; {known}")
    return name


def _refuse_name(name: str, node: Node, taken: Mapping[str, str]) -> None:
    refuse_bad_name(name, node)
    if name in taken:
        node.wrong(f"'{name}' is the name of {taken[name]}: rename the router")


def _read_router(node: Node, folder: Path) -> StackNetwork:
    keys = node.mapping(ROUTER_KEYS, "a router such as {nat: symmetric, uplink: home}")
    network = read_network(keys["network"], folder) if "network" in keys else StackNetwork()
    nat = read_nat(keys["nat"]) if "nat" in keys else DEFAULT_NAT
    return replace(network, conditions=replace(network.conditions, nat=nat))


def read_nat(node: Node) -> Nat:
    """What a router does with addresses and ports. Raises WrongUse."""
    try:
        return Nat.parse(node.plain())
    except ConditionsError as error:
        node.wrong_at(ConditionsError(error.what, error.where.removeprefix("nat").removeprefix(".")))


def _uplink(node: Node, routers: Mapping[str, Node]) -> str | None:
    own = node.value.get("uplink")
    return _read_uplink(own, routers) if own is not None else None


def _refuse_cycle(name: str, node: Node, routers: Mapping[str, StackRouter]) -> None:
    for above in _chain(name, routers):
        if above == name:
            way = " -> ".join([name, *_chain(name, routers)])
            node.value["uplink"].wrong(f"leads back to itself: {way}; a chain of routers ends at one without `uplink`")


def _chain(name: str, routers: Mapping[str, StackRouter]) -> Iterator[str]:
    """The routers above one, nearest first; a cycle ends where it first comes to a router again."""
    seen: set[str] = set()
    above = routers[name].uplink
    while above is not None:
        yield above
        if above in seen or above == name:
            return
        seen.add(above)
        above = routers[above].uplink
