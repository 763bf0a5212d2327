"""Plans: start times, text form, and reproducibility by seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.scenario import timeline
from synthlab.scenario.actions import Change
from synthlab.scenario.plan_text import plan_text
from synthlab.text.durations import seconds_of

from .files import body, checked, planned

FPS = "client1.video.client2.fps"


def test_times(tmp_path: Path) -> None:
    """Steps without `at` run in sequence; those with one count from the end of the last without."""
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
    """The header shows the scenario, its seed, its clients and how long it takes."""
    plan = planned(tmp_path, f"  - {{expect: {FPS} > 1, within: 30s, for: 3s}}\n", seed=5)
    assert plan_text(plan).splitlines()[:3] == [
        f"s: stack {tmp_path}/call.yaml, seed 5",
        "clients: client1, client2, bot-1, bot-2",
        "takes 3s..33s",
    ]


def test_repetition(tmp_path: Path) -> None:
    """Repetitions run in sequence."""
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
    """Tracks start together; the next step starts when the longest has finished."""
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
    """Of a step with many changes the first few and the last are shown, or all."""
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
    """Every run has a unique id; repetitions of a step share a layer."""
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
    layers = [event.action.layer for event in timeline(plan.track) if isinstance(event.action, Change)]
    assert layers == ["1.1", "1.1", "2.a.1", "2.b.1"]


def test_timeline(tmp_path: Path) -> None:
    """All actions in order of time, with every expectation decided early or late."""
    steps = f"  - {{expect: {FPS} > 1, within: 9s}}\n"
    steps += "  - parallel: [[{wait: 2s}, {reset: all}], [{link: up, on: bot}]]\n"
    plan = planned(tmp_path, steps)
    assert [(seconds_of(event.at_ns), event.run.kind) for event in timeline(plan.track)] == [
        (0, "expect"),
        (0, "link"),
        (2, "reset"),
    ]
    assert [(seconds_of(event.at_ns), event.run.kind) for event in timeline(plan.track, late=True)] == [
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


@pytest.mark.issue(10)
def test_what_goes_on_takes_no_time(tmp_path: Path) -> None:
    """A step finishes when its change is in force: only waits, baselines and expectations take time."""
    (tmp_path / "t.csv").write_text("time,egress.rate\n0s,1mbit\n2s,2mbit\n")
    (tmp_path / "lte.up").write_text("1\n5\n")
    steps = """\
  - {ramp: client2, egress: {rate: [1mbit, 2mbit]}, over: 20s, shape: steps, steps: 1}
  - {wave: client2, egress: {rate: [1mbit, 2mbit]}, period: 20s, for: 20s, shape: square}
  - {random: client2, egress: {rate: [1mbit, 2mbit]}, for: 1s}
  - {trace: client2, csv: t.csv}
  - {trace: client2, egress: lte.up, for: 9s}
  - {set: client2, egress: {loss: 1%}, for: 9s}
  - {block: "*:udp", for: 9s}
  - {partition: [client1, sfu], for: 9s}
  - {link: down, on: client2, for: 9s}
  - {traffic: client2, for: 9s}
  - {pause: bot}
  - {wait: 1s}
  - {baseline: 2s}
  - {never: client1.video.client2.fps < 2, for: 3s}
  - {mark: end}
"""
    visits = list(planned(tmp_path, steps).visits())
    assert {seconds_of(visit.earliest_ns) for visit in visits[:12]} == {0.0}
    assert [seconds_of(visit.earliest_ns) for visit in visits[12:]] == [1.0, 3.0, 6.0]


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    ("steps", "takes"),
    [
        ("  - {set: client2, egress: {loss: 1%}, for: 9s}\n", 9),
        ("  - {traffic: client2, for: 7s}\n  - {wait: 2s}\n", 7),
        ("  - {ramp: client2, egress: {rate: [1mbit, 2mbit]}, over: 20s}\n", 20),
        ("  - {wave: client2, egress: {loss: [1%, 2%]}, period: 4s, for: 20s}\n  - {at: 6s, reset: client2}\n", 6),
        (
            "  - {wave: all, egress: {loss: [1%, 2%]}, period: 4s, for: 20s}\n  - {at: 6s, reset: client2}\n",
            20,
        ),
        ("  - repeat: 2\n    steps: [{set: client2, egress: {loss: 1%}, for: 9s}, {wait: 5s}]\n", 14),
    ],
)
def test_it_is_played_out(steps: str, takes: float, tmp_path: Path) -> None:
    """The run ends when the last step has finished and timed changes have ended, or were reset."""
    plan = planned(tmp_path, steps)
    assert (seconds_of(plan.least_ns), seconds_of(plan.most_ns)) == (takes, takes)


def test_the_timeout_counts_what_is_played_out(tmp_path: Path) -> None:
    """A `for` that ends after the timeout is rejected."""
    top = "stack: call.yaml\ntimeout: 8s\n"
    with pytest.raises(WrongUse, match=r"s.yaml:4: steps\[0\]: can take until 9s, beyond the timeout of 8s"):
        checked(tmp_path, "  - {set: client2, egress: {loss: 1%}, for: 9s}\n", top=top)


@pytest.mark.issue(10)
def test_a_step_that_is_played_again_ends_what_it_began(tmp_path: Path) -> None:
    """A ramp that starts again after 2 s drops the first one's changes from then on.

    One for the very moment of the new beginning is, and gives way at once.
    """
    ramp = "{ramp: client2, egress: {rate: [1mbit, 5mbit]}, over: 4s, every: 1s}"
    plan = planned(tmp_path, f"  - repeat: 2\n    steps: [{ramp}, {{wait: 2s}}]\n")
    made = [
        (seconds_of(event.at_ns), event.action.change["egress"]["rate"])
        for event in timeline(plan.track)
        if isinstance(event.action, Change)
    ]
    rising = ["1mbit", "2mbit", "3mbit", "4mbit", "5mbit"]
    assert made == [*zip((0, 1, 2), rising, strict=False), *zip((2, 3, 4, 5, 6), rising, strict=True)]
