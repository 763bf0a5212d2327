"""What PID 1 makes of a process that gives no sign of life, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from syntheticnet.supervisor.watch import PATIENCE_SECONDS, TICK_SECONDS, Sign, State, Watch

pytestmark = pytest.mark.issue(10)

ANSWERS = Sign(True, "S", 0.0)


def judged(signs: Iterable[Sign], seconds: float = TICK_SECONDS) -> list[State]:
    """What is said at ticks that come so many seconds apart, after one with an answer."""
    watch, now = Watch(0), seconds
    assert watch.judge(ANSWERS, now) == "well"
    states = []
    for sign in signs:
        now += seconds
        states.append(watch.judge(sign, now))
    return states


def silent(state: str, cpu_per_tick_s: float, ticks: int) -> list[Sign]:
    return [Sign(False, state, cpu_per_tick_s * (number + 1)) for number in range(ticks)]


@pytest.mark.parametrize("state", ["T", "t", "S"])
def test_a_stopped_one_hangs_after_two_seconds(state: str) -> None:
    """Stopped, traced, or asleep on something else: it will not answer by itself."""
    assert judged(silent(state, 0, 2)) == ["well", "hangs"]


def test_one_that_runs_for_two_seconds_without_an_answer_hangs() -> None:
    """An endless loop that has a processor of its own."""
    assert judged(silent("R", TICK_SECONDS, 2)) == ["well", "hangs"]


def test_only_the_processor_time_that_it_was_given_counts() -> None:
    """An endless loop that shares a processor with three others hangs after eight seconds, and is starved before."""
    states = judged(silent("R", TICK_SECONDS / 4, 8))
    assert states == ["well", *["starved"] * 6, "hangs"]


@pytest.mark.parametrize("state", ["R", "D"])
def test_a_starved_one_is_never_killed(state: str) -> None:
    """Whoever gets no processor, or waits for a disk, is not replaced, however long it takes."""
    states = judged(silent(state, 0.001, 600))
    assert states == ["well", *["starved"] * 599]


def test_how_long_it_was_starved_is_counted() -> None:
    """From the moment on that it is called starved; an answer ends it."""
    watch = Watch(0)
    for second in range(1, 6):
        watch.judge(Sign(False, "R", 0.0), second)
    assert watch.judge(ANSWERS, 6) == "well"
    assert watch.starved_s == pytest.approx(4)


def test_an_answer_begins_anew() -> None:
    """Silence adds up only between two answers."""
    assert set(judged([*silent("T", 0, 1), ANSWERS] * 10)) == {"well"}


@pytest.mark.parametrize("frozen_s", [2, 10, 3600])
def test_time_that_pid_1_did_not_run_counts_for_nobody(frozen_s: float) -> None:
    """After `docker pause`, or on a machine that stood still, the first tick is late: nothing is killed for that."""
    watch = Watch(0)
    assert watch.judge(ANSWERS, 1) == "well"
    assert watch.judge(Sign(False, "S", 0.0), 1 + frozen_s) == "well"
    assert watch.judge(ANSWERS, 2 + frozen_s) == "well"


def test_ticks_that_come_late_each_time_wear_no_patience_out_early() -> None:
    """Of each at most a quarter more than a tick counts."""
    states = judged(silent("T", 0, 2), seconds=5 * TICK_SECONDS)
    assert states == ["well", "hangs"]
    assert PATIENCE_SECONDS > 1.25 * TICK_SECONDS
