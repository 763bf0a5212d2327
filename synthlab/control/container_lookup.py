"""Finds a lab's containers by the name of a client, group or server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..engine.containers import Container
from ..errors import WrongUse, no_such
from .addresses import not_running

NameOf = Callable[[Container], str]
"""The name that finds a container, in addition to its group's."""


def title(container: Container) -> str:
    return container.title


def network_name(container: Container) -> str:
    """The name of the client or server whose network the container is in."""
    return container.network_name or container.title


def find_members(
    lab: str, containers: Sequence[Container], names: Iterable[str] = (), name_of: NameOf = title
) -> list[Container]:
    """The named containers, each once; all if no name is given. Raises WrongUse with the closest name."""
    matches: dict[tuple[str, int], Container] = {}
    for name in names:
        matches |= {(one.id, one.number): one for one in _named(lab, containers, name, name_of)}
    return list(matches.values()) or list(containers)


def find_member(lab: str, containers: Sequence[Container], name: str, name_of: NameOf = title) -> Container:
    """The container of that name; raises WrongUse if several match, as for a group."""
    matches = _named(lab, containers, name, name_of)
    if len(matches) > 1:
        raise WrongUse(f"'{name}' matches several: {', '.join(map(name_of, matches))}; name one of them")
    return matches[0]


def find_conditioned(lab: str, containers: Sequence[Container], names: Iterable[str] = ()) -> list[Container]:
    """The containers whose APIs condition the named clients and servers; all if no name is given.

    Raises WrongUse for an unknown name, or a container without an API.
    """
    wanted = list(names)
    return find_members(lab, _conditioned(containers, wanted), wanted, network_name)


def conditioned_network_of(lab: str, containers: Sequence[Container], name: str) -> Container:
    """The container whose API conditions a client's or server's network. Raises WrongUse."""
    return find_member(lab, _conditioned(containers, [name]), name, network_name)


def captured_network_of(lab: str, containers: Sequence[Container], name: str) -> Container:
    """Like `conditioned_network_of`, for a capture: also raises SynthlabError if the container is not running."""
    holder = conditioned_network_of(lab, containers, name)
    if holder.state != "running":
        raise not_running(holder)
    return holder


def network_of(lab: str, containers: Sequence[Container], name: str) -> Container:
    """The container that holds a client's or server's network: itself, or its companion. Raises WrongUse."""
    held = holders(containers)
    own = [container for container in containers if container.title not in held and not container.network_of]
    return find_member(lab, [*own, *held.values()], name, network_name)


def uplinks_of(containers: Iterable[Container]) -> dict[str, str | None]:
    """The router that each client and router is behind, by name; None for all others."""
    return {container.title: next(iter(container.uplinks), None) for container in containers}


def holders(containers: Iterable[Container]) -> dict[str, Container]:
    """The companions of one lab, by the name of the server whose network each holds."""
    return {container.network_of: container for container in containers if container.network_of}


def with_holders(containers: Sequence[Container]) -> list[tuple[Container, Container | None]]:
    """Every container with its companion, if any, in order; a companion without its server is its own."""
    held = {(one.lab, one.network_of): one for one in containers if one.network_of}
    own = [(one, held.get((one.lab, one.title))) for one in containers if not one.network_of]
    there = {holder.id for _, holder in own if holder}
    return [*own, *((one, one) for one in held.values() if one.id not in there)]


def cut_off(containers: Sequence[Container], started_at: Callable[[Container], float]) -> set[str]:
    """The ids of servers whose companion does not run, or was started after them: their network is gone then.

    `started_at` says when a container was last started; it is asked only of running pairs.
    """
    pairs = [(one, holder) for one, holder in with_holders(containers) if holder and holder is not one]
    return {
        one.id
        for one, holder in pairs
        if holder.state not in ("running", "paused")
        or (one.state == "running" and started_at(one) < started_at(holder))
    }


def unconditioned(container: Container) -> WrongUse:
    """The error for a container without an API."""
    name = container.title
    message = f"{name} has no conditions and no counters in lab '{container.lab}'"
    if container.role == "sfu":
        message += f": add `network: {{}}` under `{name}` in its stack, and start the lab again"
    elif container.role == "service":
        message += f": start the lab again with `--impair {name}`, or with `{name}: {{service: {name}}}` among the "
        message += "clients of its stack"
    return WrongUse(message)


def _conditioned(containers: Sequence[Container], names: Iterable[str]) -> list[Container]:
    """The containers with an API; raises WrongUse if a name belongs only to a container without one."""
    own = [container for container in containers if container.conditioned]
    conditioned = [network for container in own for network in container.per_network()]
    held = {container.network_name for container in own}
    others = {container.title: container for container in containers if container.title not in held}
    for name in names:
        if name in others:
            raise unconditioned(others[name])
    return conditioned


def _names(container: Container, name_of: NameOf) -> tuple[str, str]:
    """Its name and its group's. A companion is found by its server's group only where the server's network is meant."""
    own = name_of(container)
    return own, container.group if own == container.network_name or not container.network_of else own


def _named(lab: str, containers: Sequence[Container], name: str, name_of: NameOf) -> list[Container]:
    matches = [container for container in containers if name in _names(container, name_of)]
    if not matches:
        groups = [container.group for container in containers if container.group]
        raise WrongUse(no_such("client", name, map(name_of, containers), groups, f" in lab '{lab}'"))
    return matches
