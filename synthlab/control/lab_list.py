"""One line per lab: its state, clients and times; also of stopped labs and their remains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ..engine.containers import Container

RUNNING = ("running", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One lab. `state` is up, starting, broken (a container failed), stopped (no container runs), expired, or left over
    (no container, but a network or volume). Times are in seconds."""

    lab: str
    stack: str
    state: str
    clients: int
    running: int
    age_s: float | None
    left_s: float | None


def overviews(
    labs: Iterable[str], containers: Sequence[Container], now: float, starting: Collection[str] = ()
) -> list[Overview]:
    """One per lab, sorted by name; `starting` are the labs that are being brought up, with or without containers."""
    return [
        _overview(lab, [one for one in containers if one.lab == lab], now, lab in starting)
        for lab in sorted({*labs, *starting})
    ]


def lab_state(containers: Sequence[Container], now: float) -> str:
    """The state of a lab with these containers."""
    if not containers:
        return "left over"
    # Before `stopped`: the clients of an expired lab stop themselves.
    if any(container.expired(now) for container in containers):
        return "expired"
    if not any(container.state in RUNNING for container in containers):
        return "stopped"
    if any(container.failed for container in containers):
        return "broken"
    return "up" if all(container.ready for container in containers) else "starting"


def _overview(lab: str, containers: Sequence[Container], now: float, starting: bool) -> Overview:
    clients = [container for container in containers if container.role == "client"]
    created = min((container.created for container in containers), default=None)
    state = lab_state(containers, now)
    if starting and state in ("left over", "stopped"):  # its containers are not there yet, or only created
        state = "starting"
    expires = next((container.expires for container in containers if container.expires is not None), None)
    return Overview(
        lab=lab,
        stack=next((container.stack for container in containers), ""),
        state=state,
        clients=len(clients),
        running=sum(container.state in RUNNING for container in clients),
        age_s=None if created is None else round(now - created, 1),
        left_s=None if expires is None else max(round(expires - now, 1), 0.0),
    )
