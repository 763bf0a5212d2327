"""The actions of a plan in order of time, and its total length, with every step at its shortest or at its longest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from .actions import Action, Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Roam, Traffic
from .model import StepRun, Track
from .ongoing import Ongoing


@dataclass(frozen=True, slots=True)
class Event:
    """An action with its time in nanoseconds since the start."""

    at_ns: int
    run: StepRun
    action: Action


def timeline(track: Track, late: bool = False) -> list[Event]:
    """All actions in order of time, with every step at its shortest or, if `late`, at its longest.

    Later changes of a step are left out once it has run again or its clients have been reset.
    """
    return list(_events(track, late))


def played_out_ns(track: Track, late: bool = False) -> int:
    """When the last step has finished and all timed changes and traffic have ended."""
    ends_ns: dict[tuple[str, str], int] = {}
    for event in _events(track, late):
        match event.action:
            case Change(layer=layer, clients=clients, lease_ns=lease_ns):
                ends_ns |= dict.fromkeys(((layer, name) for name in clients), event.at_ns + (lease_ns or 0))
            case Reset(clients=clients):
                ends_ns = {key: end_ns for key, end_ns in ends_ns.items() if key[1] not in clients}
            case Traffic(for_ns=for_ns):
                ends_ns[event.run.id, ""] = event.at_ns + for_ns
            case Judge() | Baseline() | ContainerChange() | Roam() | Exec() | Http():
                pass  # covered by the duration of the step, which waits for it
            case _:
                assert_never(event.action)
    return max([track.most_ns if late else track.least_ns, *ends_ns.values()])


def _events(track: Track, late: bool) -> Iterator[Event]:
    ongoing = Ongoing()
    # Sorting is stable: at the same time the order of the file holds, as it does for the player's `Turns`.
    for event in sorted(_planned(track, 0, late), key=lambda event: event.at_ns):
        action = _still_to_do(event, ongoing)
        if action is not None:
            yield replace(event, action=action)


def _still_to_do(event: Event, ongoing: Ongoing) -> Action | None:
    """The action that still applies at its time; None if its step has been stopped."""
    match event.action:
        case Reset() as reset:
            ongoing.reset(reset.clients)
            return reset
        case Change() as change:
            # By identity: later changes of a wave can equal the first.
            begins = change is event.run.actions[0].action
            return ongoing.begin(event.run.id, change) if begins else ongoing.next(event.run.id, change)
        case Judge() | Baseline() | ContainerChange() | Roam() | Traffic() | Exec() | Http() as other:
            return other
        case _:
            assert_never(event.action)


def _planned(track: Track, begins_ns: int, late: bool) -> Iterator[Event]:
    for block in track.blocks:
        for run in block.runs:
            at_ns = begins_ns + run.at_ns
            for timed in run.actions:
                yield Event(at_ns + timed.at_ns, run, timed.action)
            for below in run.tracks:
                yield from _planned(below, at_ns, late)
        begins_ns += block.most_ns if late else block.least_ns
