"""Which containers of a lab people mean: by a client's name, by that of a group, or by a server's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..engine.containers import Container
from ..errors import WrongUse, did_you_mean
from ..stack.model import CONDITIONABLE
from .addresses import not_running


def find_members(lab: str, containers: Sequence[Container], names: Iterable[str] = ()) -> list[Container]:
    """Each container that is named, once; all when there are no names. Raises WrongUse that tells the nearest name."""
    wanted: dict[str, Container] = {}
    for name in names:
        found = [container for container in containers if name in (container.title, container.group)]
        if not found:
            titles = [container.title for container in containers]
            groups = [container.group for container in containers if container.group]
            hint = did_you_mean(name, dict.fromkeys(titles + groups)) or f"; there are: {', '.join(titles)}"
            raise WrongUse(f"no client '{name}' in lab '{lab}'{hint}")
        wanted |= {container.id: container for container in found}
    return list(wanted.values()) or list(containers)


def find_member(lab: str, containers: Sequence[Container], name: str) -> Container:
    """The one container of that name; raises WrongUse where it is the name of a group of several."""
    found = find_members(lab, containers, [name])
    if len(found) > 1:
        raise WrongUse(f"'{name}' means several: {', '.join(one.title for one in found)}; name one of them")
    return found[0]


def network_of(lab: str, containers: Sequence[Container], name: str) -> Container:
    """The container whose network a client or a server is in: its own, or its companion. Raises WrongUse."""
    companion = next((container for container in containers if container.network_of == name), None)
    return companion or find_member(lab, containers, name)


def captured_network_of(lab: str, containers: Sequence[Container], name: str) -> Container:
    """The running container where the packets of a client, or of a conditioned server, can be captured.

    Raises WrongUse for another name, SynthlabError where it does not run.
    """
    holders = {container.network_name: container for container in containers if container.conditioned}
    if name not in holders:
        hint = did_you_mean(name, holders) or f"; there are: {', '.join(holders)}"
        raise WrongUse(f"no client '{name}' in lab '{lab}' has a network that can be captured{hint}")
    if holders[name].state != "running":
        raise not_running(holders[name])
    return holders[name]


def unconditioned(lab: str, name: str) -> WrongUse:
    """What to do about a container that is there, and has no API."""
    what = f"{name} has no conditions and no counters in lab '{lab}'"
    hint = f": write `network: {{}}` under `{name}` in its stack, and bring it up anew" if name in CONDITIONABLE else ""
    return WrongUse(f"{what}{hint}")
