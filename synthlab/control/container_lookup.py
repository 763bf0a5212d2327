"""Which containers of a lab people mean: by a client's name, by that of a group, or by a server's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..engine.containers import Container
from ..errors import WrongUse, no_such
from ..stack.model import CONDITIONABLE
from .addresses import not_running

NameOf = Callable[[Container], str]
"""By which name a container is found, besides that of its group."""


def title(container: Container) -> str:
    return container.title


def network_name(container: Container) -> str:
    """That of the client or server whose network it is in."""
    return container.network_name or container.title


def find_members(
    lab: str, containers: Sequence[Container], names: Iterable[str] = (), name_of: NameOf = title
) -> list[Container]:
    """Each container that is named, once; all when there are no names. Raises WrongUse with the nearest name."""
    wanted: dict[str, Container] = {}
    for name in names:
        wanted |= {one.id: one for one in _named(lab, containers, name, name_of)}
    return list(wanted.values()) or list(containers)


def find_member(lab: str, containers: Sequence[Container], name: str, name_of: NameOf = title) -> Container:
    """The one container of that name; raises WrongUse where it is the name of a group of several."""
    found = _named(lab, containers, name, name_of)
    if len(found) > 1:
        raise WrongUse(f"'{name}' means several: {', '.join(map(name_of, found))}; name one of them")
    return found[0]


def find_conditioned(lab: str, containers: Sequence[Container], names: Iterable[str] = ()) -> list[Container]:
    """The containers whose APIs condition the networks of the named clients and servers; all when there are no names.

    Raises WrongUse, also for a container that has no API.
    """
    wanted = list(names)
    return find_members(lab, _conditioned(lab, containers, wanted), wanted, network_name)


def conditioned_network_of(lab: str, containers: Sequence[Container], name: str) -> Container:
    """The one container whose API conditions the network of a client or server. Raises WrongUse."""
    return find_member(lab, _conditioned(lab, containers, [name]), name, network_name)


def captured_network_of(lab: str, containers: Sequence[Container], name: str) -> Container:
    """As `conditioned_network_of`, and it runs, so that its packets can be captured; raises SynthlabError if not."""
    holder = conditioned_network_of(lab, containers, name)
    if holder.state != "running":
        raise not_running(holder)
    return holder


def network_of(lab: str, containers: Sequence[Container], name: str) -> Container:
    """The container whose network a client or a server is in: its own, or its companion. Raises WrongUse."""
    companions = [container for container in containers if container.network_of]
    held = {container.network_of for container in companions}
    own = [container for container in containers if container.title not in held and not container.network_of]
    return find_member(lab, [*own, *companions], name, network_name)


def unconditioned(lab: str, name: str) -> WrongUse:
    """What to do about a container that is there, and has no API."""
    what = f"{name} has no conditions and no counters in lab '{lab}'"
    hint = f": write `network: {{}}` under `{name}` in its stack, and bring it up anew" if name in CONDITIONABLE else ""
    return WrongUse(f"{what}{hint}")


def _conditioned(lab: str, containers: Sequence[Container], names: Iterable[str]) -> list[Container]:
    """The containers with an API; raises WrongUse where one of the names is that of another container only."""
    found = [container for container in containers if container.conditioned]
    others = {container.title for container in containers} - {container.network_name for container in found}
    for name in names:
        if name in others:
            raise unconditioned(lab, name)
    return found


def _named(lab: str, containers: Sequence[Container], name: str, name_of: NameOf) -> list[Container]:
    found = [container for container in containers if name in (name_of(container), container.group)]
    if not found:
        groups = [container.group for container in containers if container.group]
        raise WrongUse(no_such("client", name, map(name_of, containers), groups, f" in lab '{lab}'"))
    return found
