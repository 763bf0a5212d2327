"""Plans: what begins when, as text, and the same for the same seed."""

from __future__ import annotations

from pathlib import Path

from synthlab.scenario import timeline
from synthlab.scenario.actions import Change
from synthlab.scenario.text import plan_text

from .files import body, checked, planned

FPS = "client1.video.client2.fps"


def test_times(tmp_path: Path) -> None:
    """Steps without `at` follow each other; those with one count from the end of the last without."""
    steps = f"""\
  - expect: {FPS} >= 10
    within: 30s
  - wait: 5s
  - {{at: 10s, link: down, on: client2, for: 3s, mark: the dog chews}}
  - {{at: 15s, wait: 2s}}
  - {{at: 16s, mark: here}}
  - {{after: 1s, reset: client2}}
"""
    assert body(tmp_path, steps) == [
        f"            0s  expect {FPS} >= 10 within 30s",
        "       0s..30s  wait 5s",
        "      15s..45s  set client2: both outage true for 3s  # the dog chews",
        "      20s..50s  wait 2s",
        "      21s..51s  mark  # here",
        "      23s..53s  reset client2",
    ]


def test_head(tmp_path: Path) -> None:
    """Above the steps stand what is played, with which seed, on whom, and how long it takes."""
    plan = planned(tmp_path, f"  - {{expect: {FPS} > 1, within: 30s, for: 3s}}\n", seed=5)
    assert str(plan).splitlines()[:3] == [
        f"s: stack {tmp_path}/call.yaml, seed 5",
        "clients: client1, client2, bot-1, bot-2",
        "takes 3s..33s",
    ]


def test_repetition(tmp_path: Path) -> None:
    """Each time follows the one before it."""
    steps = "  - repeat: 2\n    steps:\n      - wait: 2s\n      - {at: 1s, wait: 1s}\n  - wait: 1s\n"
    assert body(tmp_path, steps) == [
        "            0s  repeat 2 times",
        "            0s    wait 2s",
        "            3s    wait 1s",
        "            4s    wait 2s",
        "            7s    wait 1s",
        "            8s  wait 1s",
    ]


def test_tracks(tmp_path: Path) -> None:
    """Tracks begin together, and what follows begins when the longest is done."""
    steps = "  - parallel:\n      a: [{wait: 2s}, {wait: 1s}]\n      b: [{wait: 5s}]\n  - wait: 1s\n"
    assert body(tmp_path, steps) == [
        "            0s  parallel: a, b",
        "                  track a:",
        "            0s    wait 2s",
        "            2s    wait 1s",
        "                  track b:",
        "            0s    wait 5s",
        "            5s  wait 1s",
    ]


def test_many_changes(tmp_path: Path) -> None:
    """Of a step with many changes the first and the last are shown, or all."""
    steps = "  - {ramp: bot, egress: {rate: [1mbit, 2mbit]}, over: 10s, every: 1s}\n"
    lines = body(tmp_path, steps)
    assert lines[0] == "            0s  ramp bot-1, bot-2: egress rate [1mbit, 2mbit], linear over 10s"
    assert lines[1] == "                  +0s      bot-1, bot-2: egress rate 1mbit"
    assert lines[-2:] == [
        "                    ... 5 more ...",
        "                  +10s     bot-1, bot-2: egress rate 2mbit",
    ]
    assert len(plan_text(planned(tmp_path, steps), every=True).splitlines()) == 4 + 1 + 11


def test_ids_and_layers(tmp_path: Path) -> None:
    """A run has an id of its own; a step that is played again puts its conditions on the same layer."""
    steps = """\
  - repeat: 2
    steps:
      - {set: client2, egress: {loss: 1%}}
  - parallel:
      a: [{set: client2, egress: {loss: 1%}}]
      b: [{set: client2, egress: {loss: 1%}}]
"""
    plan = planned(tmp_path, steps)
    assert [visit.run.id for visit in plan.visits()] == ["1", "1.1.1", "1.2.1", "2", "2.a.1", "2.b.1"]
    layers = [event.action.layer for event in timeline(plan) if isinstance(event.action, Change)]
    assert layers == ["1.1", "1.1", "2.a.1", "2.b.1"]


def test_timeline(tmp_path: Path) -> None:
    """All actions in order, with each expectation decided at once, or as late as can be."""
    steps = f"  - {{expect: {FPS} > 1, within: 9s}}\n"
    steps += "  - parallel: [[{wait: 2s}, {reset: all}], [{link: up, on: bot}]]\n"
    plan = planned(tmp_path, steps)
    assert [(event.at_s, event.run.kind) for event in timeline(plan)] == [(0, "expect"), (0, "link"), (2, "reset")]
    assert [(event.at_s, event.run.kind) for event in timeline(plan, late=True)] == [
        (0, "expect"),
        (9, "link"),
        (11, "reset"),
    ]


def test_seeds(tmp_path: Path) -> None:
    """Each client has a seed of its own, drawn from the scenario's."""
    seeds = planned(tmp_path, "  - wait: 1s\n", seed=3).client_seeds
    assert seeds == planned(tmp_path, "  - wait: 2s\n", seed=3).client_seeds
    assert seeds != planned(tmp_path, "  - wait: 1s\n", seed=4).client_seeds
    assert len(set(seeds.values())) == 4
    assert all(0 <= seed < 2**63 for seed in seeds.values())


def test_places(tmp_path: Path) -> None:
    """A run knows the line of its step."""
    plan = checked(tmp_path, "  - wait: 1s\n  - repeat: 1\n    steps:\n      - wait: 2s\n")
    assert [visit.run.place.line for visit in plan.visits()] == [3, 4, 6]
