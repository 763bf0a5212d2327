"""How PID 1 judges a silent process, on a hand-moved clock."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from syntheticnet.supervisor.watch import PATIENCE_SECONDS, TICK_SECONDS, Sign, State, Watch

pytestmark = pytest.mark.issue(10)

ANSWERS = Sign(True, "S", 0.0)


def judged(signs: Iterable[Sign], seconds: float = TICK_SECONDS) -> list[State]:
    """The verdicts at ticks with these intervals (s), after one with an answer."""
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
    """A process that is stopped, traced or asleep on something else hangs."""
    assert judged(silent(state, 0, 2)) == ["well", "hangs"]


def test_one_that_runs_for_two_seconds_without_an_answer_hangs() -> None:
    """An endless loop with a CPU of its own hangs."""
    assert judged(silent("R", TICK_SECONDS, 2)) == ["well", "hangs"]


def test_only_the_processor_time_that_it_was_given_counts() -> None:
    """An endless loop with a quarter of a CPU is starved at first, and hangs after eight seconds."""
    states = judged(silent("R", TICK_SECONDS / 4, 8))
    assert states == ["well", *["starved"] * 6, "hangs"]


@pytest.mark.parametrize("state", ["R", "D"])
def test_a_starved_one_is_never_killed(state: str) -> None:
    """A process that gets no CPU, or waits for a disk, is never replaced."""
    states = judged(silent(state, 0.001, 600))
    assert states == ["well", *["starved"] * 599]


def test_how_long_it_was_starved_is_counted() -> None:
    """Starved time counts from the first starved tick; an answer ends it."""
    watch = Watch(0)
    for second in range(1, 6):
        watch.judge(Sign(False, "R", 0.0), second)
    assert watch.judge(ANSWERS, 6) == "well"
    assert watch.starved_s == pytest.approx(4)


def test_an_answer_begins_anew() -> None:
    """An answer resets the silence counted so far."""
    assert set(judged([*silent("T", 0, 1), ANSWERS] * 10)) == {"well"}


@pytest.mark.parametrize("frozen_s", [2, 10, 3600])
def test_time_that_pid_1_did_not_run_counts_for_nobody(frozen_s: float) -> None:
    """A late first tick, after `docker pause` or on a stalled machine, kills nothing."""
    watch = Watch(0)
    assert watch.judge(ANSWERS, 1) == "well"
    assert watch.judge(Sign(False, "S", 0.0), 1 + frozen_s) == "well"
    assert watch.judge(ANSWERS, 2 + frozen_s) == "well"


def test_ticks_that_come_late_each_time_wear_no_patience_out_early() -> None:
    """A late tick counts for at most 1.25 ticks."""
    states = judged(silent("T", 0, 2), seconds=5 * TICK_SECONDS)
    assert states == ["well", "hangs"]
    assert PATIENCE_SECONDS > 1.25 * TICK_SECONDS
