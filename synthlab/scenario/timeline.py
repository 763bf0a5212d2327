"""What a plan does at which time, and how long all of it takes: with each step as short, or as long, as can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from .actions import Action, Baseline, Change, Container, Exec, Http, Judge, Reset, Traffic
from .model import Run, Track
from .ongoing import Ongoing


@dataclass(frozen=True, slots=True)
class Event:
    """An action at its time, in seconds since the start."""

    at_s: float
    run: Run
    action: Action


def timeline(track: Track, late: bool = False) -> list[Event]:
    """All actions in the order of their times, with each step as short as can be, or where `late` as long.

    A step that is played again, or whose clients are reset, does not go on with what it began.
    """
    return list(_events(track, late))


def played_out_s(track: Track, late: bool = False) -> float:
    """When the last step is done, and all is over that goes on or is in force for a time."""
    ends_s: dict[tuple[str, str], float] = {}
    for event in _events(track, late):
        match event.action:
            case Change(layer=layer, clients=clients, lease_s=lease_s):
                ends_s |= dict.fromkeys(((layer, name) for name in clients), event.at_s + (lease_s or 0.0))
            case Reset(clients=clients):
                ends_s = {key: end_s for key, end_s in ends_s.items() if key[1] not in clients}
            case Traffic(for_s=for_s):
                ends_s[event.run.id, ""] = event.at_s + for_s
            case Judge() | Baseline() | Container() | Exec() | Http():
                pass  # a step that waits for it lasts so long itself
            case _:
                assert_never(event.action)
    return max([track.most_s if late else track.least_s, *ends_s.values()])


def _events(track: Track, late: bool) -> Iterator[Event]:
    ongoing = Ongoing()
    for event in sorted(_planned(track, 0.0, late), key=lambda event: event.at_s):
        action = _still_to_do(event, ongoing)
        if action is not None:
            yield replace(event, action=action)


def _still_to_do(event: Event, ongoing: Ongoing) -> Action | None:
    """The action as it is to be done then; None for one of a step that does not go on."""
    match event.action:
        case Reset() as reset:
            ongoing.reset(reset.clients)
            return reset
        case Change() as change:
            begins = change is event.run.actions[0].action
            return ongoing.begin(event.run.id, change) if begins else ongoing.next(event.run.id, change)
        case Judge() | Baseline() | Container() | Traffic() | Exec() | Http() as other:
            return other
        case _:
            assert_never(event.action)


def _planned(track: Track, begins_s: float, late: bool) -> Iterator[Event]:
    for block in track.blocks:
        for run in block.runs:
            at_s = begins_s + run.at_s
            for timed in run.actions:
                yield Event(round(at_s + timed.at_s, 6), run, timed.action)
            for below in run.tracks:
                yield from _planned(below, at_s, late)
        begins_s += block.most_s if late else block.least_s
