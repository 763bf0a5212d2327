"""Finds the containers that a lab on several machines has lost during a run, by no step of it.

Whatever a run measured while a machine was away, or while the swarm started a container again, says nothing about the
system under test.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ..engine.clock import MACHINE, Clock
from ..engine.containers import Container
from ..errors import SynthlabError
from .live_lab import LiveLab

NOTICED_S = 20.0
"""How long a swarm may take to notice that a node does not answer."""
POLL_S = 0.5


def lost_containers(
    before: Iterable[Container], live_lab: LiveLab, touched: Collection[str], suspect: bool, clock: Clock = MACHINE
) -> list[str]:
    """One line for each container of several machines that is not what it was `before`; steps have `touched` some.

    In a `suspect` run with a client that does not answer, this waits until the swarm has noticed why.
    """
    watched = [one for one in before if one.node and one.title not in touched]
    deadline = clock.now_s() + (NOTICED_S if watched and suspect and _is_silent(live_lab) else 0)
    while watched:
        try:
            lines = list(_lost(watched, live_lab))
        except SynthlabError as error:
            return [error.message]
        if lines or clock.now_s() >= deadline:
            return lines
        clock.sleep(POLL_S)
    return []


def _is_silent(live_lab: LiveLab) -> bool:
    """Whether a client does not answer."""
    try:
        live_lab.lab.states()
    except SynthlabError:
        return True
    return False


def _lost(watched: Sequence[Container], live_lab: LiveLab) -> Iterator[str]:
    live_lab.refresh()
    present = {one.title: one for one in live_lab.members}
    away = {node.name for node in live_lab.backend.engine.nodes() if not node.ready}
    for one in watched:
        if line := _loss(one, present, away):
            yield line


def _loss(one: Container, present: Mapping[str, Container], away: Collection[str]) -> str:
    """What has happened to a container; empty if nothing has."""
    now = present.get(one.title)
    if now is None:
        return f"{one.title} on {one.node} has been removed"
    if now.state not in ("running", "paused"):
        return f"{one.title}: {now.status}"
    if now.id == one.id:
        return ""
    why = "does not answer" if one.node in away else "has ended it"
    return f"{one.title} was started again on {now.node}: {one.node} {why}"
