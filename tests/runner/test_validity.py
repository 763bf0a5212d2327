"""Checks of whether a lab could judge fairly."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from synthlab.control.state import MOST_LATE_MS
from synthlab.runner.host_load import HostLoad
from synthlab.runner.validity import (
    LEAST_IDLE,
    LEAST_LOST,
    LEAST_STEADY,
    MOST_STOLEN,
    MOST_WAITING,
    lateness_name,
    problems,
    shortfall_name,
)
from synthlab.scenario.expression import Recorded
from synthlab.text.durations import SECOND_NS

FPS = "client1.video.client2.fps"
QUIET = HostLoad(0.3, 0.0, 0.1)


def recorded(**series: Sequence[float]) -> Recorded:
    """Samples of each number, one a second; `__` stands for a dot."""
    made = Recorded(baseline=(0, 10 * SECOND_NS))
    for name, values in series.items():
        for second, value in enumerate(values, 1):
            made.add(second * SECOND_NS, {name.replace("__", "."): value})
    return made


def test_sound() -> None:
    """A fast lab raises no problems, with or without measurements."""
    late = {lateness_name("client1", "egress").replace(".", "__"): [1.0] * 4 + [MOST_LATE_MS * 3]}
    packets = {"client1__egress__packets_in": [100, 1000], "client1__egress__dropped__kernel": [0, LEAST_LOST]}
    assert problems(["client1"], recorded(**late, **packets), QUIET, [FPS]) == []
    assert problems(["client1"], Recorded(), None, [FPS]) == []


def test_late() -> None:
    """A forwarder that was late in many seconds was too slow."""
    late = {lateness_name("client1", "egress").replace(".", "__"): [MOST_LATE_MS * 2] * 3 + [1.0] * 7}
    (line,) = problems(["client1"], recorded(**late), QUIET, [])
    message = "egress packets left more than 50 ms late in 30% of all seconds (maximum 20%)"
    assert line == f"client1: the forwarder was too slow: {message}"


def test_late_as_it_began() -> None:
    """One or two late seconds are no problem, even if there are no others."""
    late = {lateness_name("client1", "egress").replace(".", "__"): [MOST_LATE_MS * 2] * 2}
    assert problems(["client1"], recorded(**late), QUIET, []) == []


@pytest.mark.parametrize("cause", ["kernel", "stalled"])
def test_lost(cause: str) -> None:
    """Packets lost by the forwarder itself count from the start of the run, across a restart of its counters."""
    series = {
        "client1__ingress__packets_in": [5000, 5100, 100, 200],
        f"client1__ingress__dropped__{cause}": [40, 45, 3, 10],
    }
    (line,) = problems(["client1"], recorded(**series), QUIET, [])
    assert line == f"client1: the forwarder itself lost 12 of 200 ingress packets ({cause})"


@pytest.mark.issue(15)
def test_a_rate_that_is_out_of_reach() -> None:
    """A forwarder that was the limit in many seconds makes the run inconclusive; a few seconds do not."""
    short = {shortfall_name("client1", "egress").replace(".", "__"): [1] * 3 + [0] * 7}
    (line,) = problems(["client1"], recorded(**short), QUIET, [])
    assert line == (
        "client1: this machine cannot reach the egress rate that is set: the forwarder used more than 90% of a "
        "processor and still forwarded less in 30% of all seconds (maximum 20%)"
    )
    short = {shortfall_name("client1", "egress").replace(".", "__"): [1] * 2 + [0]}
    assert problems(["client1"], recorded(**short), QUIET, []) == []


def test_busy() -> None:
    """A machine that is too busy, or robbed of CPU time by a hypervisor, is a problem."""
    assert problems([], Recorded(), HostLoad(LEAST_IDLE, MOST_STOLEN, MOST_WAITING), []) == []
    wanted, taken = HostLoad(LEAST_IDLE - 0.01, 0.0, None), HostLoad(1.0, MOST_STOLEN + 0.01, None)
    assert "idle 4% of the time" in problems([], Recorded(), wanted, [])[0]
    assert "programs waited" in problems([], Recorded(), HostLoad(1.0, 0.0, MOST_WAITING + 0.01), [])[0]
    assert "the hypervisor took 11%" in problems([], Recorded(), taken, [])[0]


def test_bad_baseline() -> None:
    """An unstable baseline is a problem."""
    mean = 10.0
    steady = recorded(client1__video__client2__fps=[mean, mean, mean * LEAST_STEADY * 1.5])
    assert problems([], steady, QUIET, [FPS]) == []
    (line,) = problems([], recorded(client1__video__client2__fps=[15, 15, 1]), QUIET, [FPS])
    assert line == f"the baseline is unstable: {FPS} ranged from 1 to 15"
