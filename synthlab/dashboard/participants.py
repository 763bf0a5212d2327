"""What a lab consists of, as `GET /v1/labs` and `GET /v1/labs/{lab}` show it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..contract import CDP_PORT, SFU_HOST, TURN_HOST, VNC_PORT
from ..control.addresses import api_url
from ..control.container_lookup import holders, unconditioned
from ..control.lab_list import overviews
from ..control.outside import outside_line
from ..control.proxied_browser import is_proxy
from ..engine.containers import Container
from ..stack.apps import NO_NUMBERS

_COMPANION = "network"
_ROLES = ("client", "router", SFU_HOST, TURN_HOST, "service")


def labs_data(labs: Iterable[str], starting: Iterable[str], containers: Sequence[Container], now: float) -> list[Any]:
    """One entry per lab; one that is just being brought up may have no container yet."""
    begun = set(starting)
    created = {lab: min((one.created for one in containers if one.lab == lab), default=0) for lab in {*labs, *begun}}
    return [
        {
            "name": one.lab,
            "state": one.state,
            "participants": sum(1 for container in containers if container.lab == one.lab and container.role in _ROLES),
            "since": datetime.fromtimestamp(created[one.lab], UTC).isoformat() if created[one.lab] else None,
        }
        for one in overviews(created, containers, now, begun)
    ]


def lab_data(
    name: str, members: Sequence[Container], near: bool, run: str | None, lost: Collection[str] = ()
) -> dict[str, Any]:
    """A lab's participants in order; `near` is whether published ports open on this machine.

    `lost` are the ids of containers that are cut off.
    """
    companions = holders(members)
    shown = [one for member in members if member.role != _COMPANION for one in _networks(member, companions)]
    held = {network.network_name for holder in companions.values() for network in holder.per_network()}
    return {
        "name": name,
        "participants": [_participant(one, one.title in held, near, one.id in lost) for one in shown],
        "running": run,
        "outside": outside_line(members),
    }


def _networks(member: Container, companions: Mapping[str, Container]) -> list[Container]:
    """Itself, or, of a service with several conditioned networks, one for each: `web@front` and `web@back`."""
    holder = companions.get(member.title)
    if holder is None or not holder.networks:
        return [member]
    return [replace(member, client=f"{member.title}@{name}", group=member.title) for name in holder.networks]


def _participant(member: Container, held: bool, near: bool, lost: bool) -> dict[str, Any]:
    conditioned = member.conditioned or held
    running = member.state == "running"
    data: dict[str, Any] = {
        "name": member.title,
        "role": member.role if member.role in _ROLES else "service",
        "state": member.state,
        "health": member.health,
        "conditioned": conditioned,
        "screen": running and member.opens(VNC_PORT),
        "debugger": running and member.opens(CDP_PORT),
    }
    optional = {
        "group": member.group if member.group != member.title else "",
        "app": member.app,
        "address": member.address,
        "page": f"{api_url(member)}/" if member.role in ("client", "router") and near and api_url(member) else "",
        "why_not": "" if conditioned else unconditioned(member).message,
        "no_numbers": NO_NUMBERS if is_proxy(member) else "",
        "cut_off": lost,
    }
    return data | {key: value for key, value in optional.items() if value}
