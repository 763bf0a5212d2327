"""The spans in which the network was not as at the start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from synthlab.report.changes import changes
from synthlab.scenario.record import Configured, Played, Record

from . import records

BASE: dict[str, Any] = {"egress": {"latency": "20ms"}, "seed": 1}


def spans(record: Record) -> list[tuple[float, float, str]]:
    return [(shade.begins_s, shade.ends_s, shade.text) for shade in changes(record)]


def configured(*entries: tuple[float, dict[str, Any]]) -> Record:
    made = tuple(Configured(at_s=at_s, client="client2", conditions=conditions) for at_s, conditions in entries)
    return replace(records.dog(), configured=made, steps=(), duration_s=40.0)


def test_only_what_differs() -> None:
    """A span lasts until the conditions of the start are back, and names only the values that differ."""
    lossy = {**BASE, "egress": {"latency": "20ms", "loss": "5%"}}
    assert spans(configured((0, BASE), (9, lossy), (14, BASE))) == [(9, 14, "client2: egress loss 5%")]


def test_until_the_end() -> None:
    """Conditions that nobody reverts last until the end of the run."""
    assert spans(configured((0, BASE), (9, {**BASE, "ingress": {"rate": "1mbit"}}))) == [
        (9, 40, "client2: ingress rate 1mbit")
    ]


def test_many_changes_are_one_span() -> None:
    """A ramp is one span, with the number of its changes."""
    steps = [(10 + at, {**BASE, "egress": {"rate": f"{at + 1}mbit"}}) for at in range(5)]
    assert spans(configured((0, BASE), *steps, (15, BASE))) == [(10, 15, "client2: 5 changes")]


def test_a_seed_is_no_change() -> None:
    """Every run sets the seeds."""
    assert spans(configured((0, BASE), (1, {**BASE, "seed": 2}))) == []


def test_containers_and_traffic() -> None:
    """A paused client until it runs again, a stopped one until the end, traffic while it lasts."""
    pause, unpause, stop = (
        Played(id=kind, kind=kind, text=f"{kind} client1", place="s", clients=("client1",), began_s=at_s)
        for kind, at_s in (("pause", 5.0), ("unpause", 9.0), ("stop", 20.0))
    )
    traffic = replace(pause, id="t", kind="traffic", text="traffic", began_s=11.0, until_s=13.0)
    record = replace(records.dog(), configured=(), steps=(pause, unpause, stop, traffic), duration_s=40.0)
    assert spans(record) == [(5, 9, "pause client1"), (11, 13, "traffic"), (20, 40, "stop client1")]
