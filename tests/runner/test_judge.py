"""Decision of expectations, on samples with given times."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from synthlab.runner.judge import CheckResult, ExpectationCheck
from synthlab.scenario.actions import Judge, JudgeKind
from synthlab.scenario.expression import SAMPLE_NS, Expression, Known, Recorded, source_of
from synthlab.stack import read_stack
from synthlab.text.durations import SECOND_NS, ns_of

FPS = "client1.video.client2.fps"
KNOWN = Known.of(read_stack("call.yaml"))


def judge(kind: JudgeKind, text: str, within_s: float | None = None, for_s: float = 0.0) -> Judge:
    within_ns = None if within_s is None else ns_of(within_s)
    return Judge(kind=kind, expression=Expression.parse(text, KNOWN), within_ns=within_ns, for_ns=ns_of(for_s))


class Undecided(Exception):
    """Undecided after the last sample."""


def decided(judge: Judge, values: Sequence[float | None], asked_s: float = 0.0) -> tuple[float, CheckResult]:
    """The result and its time; `values` are sampled each second from 1 s on, None for no data."""
    judging, recorded = ExpectationCheck(judge, ns_of(asked_s)), Recorded()
    for second, value in enumerate(values, 1):
        recorded.add(second * SECOND_NS, {} if value is None else {FPS: value}, [source_of(FPS)])
        if result := judging.look(second * SECOND_NS, recorded):
            return float(second), result
    raise Undecided


def newest(sign: str, value: float) -> str:
    """An expression on the newest sample, without an average."""
    return f"last({FPS}) {sign} {value}"


def test_at_once() -> None:
    """Without `within` the first outcome decides."""
    at_s, result = decided(judge("expect", newest(">=", 10)), [12])
    assert (at_s, result.held, result.took_s, result.reason) == (1.0, True, 1.0, f"{FPS} = 12 fps")
    at_s, result = decided(judge("expect", newest(">=", 10)), [9, 12])
    assert (at_s, result.held, result.reason) == (1.0, False, f"{FPS} = 9 fps")


def test_within() -> None:
    """It may begin to hold until `within` is over; how long that took is told.

    It was after the second and the interval that the last sample speaks of which did not hold.
    """
    at_s, result = decided(judge("recovers", newest(">=", 10), within_s=5), [0, 0, 12])
    assert (at_s, result.held, result.took_s, result.error_s) == (3.0, True, 3.0, 2.25)
    at_s, result = decided(judge("recovers", newest(">=", 10), within_s=2), [0, 3, 12])
    assert (at_s, result.held, result.reason) == (2.0, False, f"not within 2s: {FPS} = 3 fps")


def test_too_late() -> None:
    """Starting to hold after the limit is too late, except in the first outcome."""
    at_s, result = decided(judge("recovers", newest(">=", 10), within_s=1.5), [5, 12])
    assert (at_s, result.held) == (2.0, False)
    assert result.reason == f"not within 1.5s: it held only after 2s: {FPS} = 12 fps"
    at_s, result = decided(judge("recovers", newest(">=", 10), within_s=0.1), [12])
    assert (at_s, result.held, result.took_s, result.error_s) == (1.0, True, 1.0, 1.0)


def test_for() -> None:
    """It must hold without interruption; one before the limit restarts it."""
    hold = judge("expect", newest(">=", 10), within_s=5, for_s=2)
    at_s, result = decided(hold, [12, 9, 12, 12, 12])
    assert (at_s, result.held, result.took_s) == (5.0, True, 3.0)
    at_s, result = decided(hold, [0, 0, 0, 0, 12, 9])
    assert (at_s, result.held) == (6.0, False)
    assert result.reason == f"it held for only 1s, not 2s: {FPS} = 9 fps"


def test_never() -> None:
    """It must not hold in any outcome; no data fails."""
    never = judge("never", newest("<", 5), for_s=2)
    at_s, result = decided(never, [12, 12])
    assert (at_s, result.held, result.reason) == (2.0, True, "never in 2s")
    at_s, result = decided(never, [12, 3])
    assert (at_s, result.held, result.reason) == (2.0, False, f"it held after 2s: {FPS} = 3 fps")
    at_s, result = decided(never, [None, None])
    assert (result.held, result.reason) == (False, f"no data after 1s: {FPS}")


def sampled(judge: Judge, values: Sequence[float | None]) -> tuple[float, CheckResult]:
    """The result and its time; `values` are sampled every 250 ms, None for an answer without the number."""
    judging, recorded = ExpectationCheck(judge, 0), Recorded(fine={FPS})
    recorded.add(0, {FPS: 15.0})
    for tick, value in enumerate(values, 1):
        at_ns = tick * SAMPLE_NS
        recorded.add(at_ns, {} if value is None else {FPS: value}, [source_of(FPS)])
        if result := judging.look(at_ns, recorded):
            return tick / 4, result
    raise Undecided


@pytest.mark.issue(16)
def test_a_lost_sample_in_a_long_mean() -> None:
    """It costs the mean nothing, wherever it is in the window, and the reason says what was missing."""
    mean, never = judge("expect", f"mean({FPS}, 10s) > 10"), judge("never", f"mean({FPS}, 5s) < 10", for_s=10)
    for lost in range(4, 39):
        values = [None if tick == lost else 15.0 for tick in range(48)]
        at_s, result = sampled(mean, values)
        assert (at_s, result.held) == (10.0, True)
        assert result.reason == f"{FPS} = 15 fps (no data for 0.25s)"
        assert sampled(never, values)[1].held


@pytest.mark.issue(16)
def test_a_sample_that_is_missing_at_the_end() -> None:
    """It is waited for, and no data only once too much is missing: a page that is gone is not averaged away."""
    mean, never = judge("expect", f"mean({FPS}, 10s) > 10"), judge("never", f"mean({FPS}, 10s) < 10", for_s=12)
    good = [15.0] * 39
    at_s, result = sampled(mean, [*good, None, None, 15.0])
    assert (at_s, result.held, result.reason) == (10.5, True, f"{FPS} = 15 fps (no data for 0.5s)")
    at_s, result = sampled(mean, [*good, *[None] * 20])
    assert (at_s, result.held, result.reason) == (11.25, False, f"no data: {FPS}")
    at_s, result = sampled(never, [*good, 15.0, 15.0, *[None] * 20])
    assert (at_s, result.held, result.reason) == (11.75, False, f"no data after 11.75s: {FPS}")
    at_s, result = sampled(judge("expect", f"min({FPS}, 10s) > 10"), [*good, None, 15.0])
    assert (at_s, result.held, result.reason) == (10.0, False, f"no data: {FPS}")


@pytest.mark.issue(16)
def test_too_low_for_the_limit_all_the_same() -> None:
    """A mean without a few samples still fails: what is there is judged."""
    at_s, result = sampled(judge("expect", f"mean({FPS}, 10s) > 10"), [*[4.0] * 9, None, *[4.0] * 9, None, *[9.0] * 20])
    assert (at_s, result.held) == (10.0, False)
    assert result.reason.startswith(f"{FPS} = ")
    assert result.reason.endswith("(no data for 0.5s)")


def test_no_data() -> None:
    """A number without data fails with "no data" as the reason, also if it disappears later."""
    at_s, result = decided(judge("expect", newest("<", 5), within_s=2), [None, None])
    assert (at_s, result.held, result.reason) == (2.0, False, f"not within 2s: no data: {FPS}")
    at_s, result = decided(judge("expect", newest("<", 5), for_s=9), [1.0, None])
    assert (at_s, result.reason) == (2.0, f"it held for only 1s, not 9s: no data: {FPS}")


def test_undecided() -> None:
    """There is no result while time is left."""
    with pytest.raises(Undecided):
        decided(judge("expect", newest(">=", 10), within_s=30), [1, 2, 3])


def test_asked_later() -> None:
    """Times count from the start of the step, and outcomes that cover earlier time are ignored."""
    _, result = decided(judge("recovers", newest(">=", 10), within_s=5), [12, 0, 0, 12], asked_s=0.5)
    assert (result.took_s, result.error_s) == (3.5, 2.25)
    at_s, result = decided(judge("expect", f"mean({FPS}, 3s) >= 10"), [0, 12, 12, 12, 12], asked_s=1.0)
    assert (at_s, result.held) == (4.0, True)


def test_what_decided_it() -> None:
    """The comparison that was to blame, with every reading since it was asked and its limit."""
    _, result = decided(judge("expect", f"{newest('>=', 10)} and {newest('<', 40)}", within_s=2), [3, 50])
    assert result.limit
    assert (result.limit.number, result.limit.sign, result.limit.limits) == (FPS, "<", [40])
    assert (result.limit.times_s, result.limit.values) == ([1.0, 2.0], [3, 50])
    _, result = decided(judge("never", f"{newest('<', 1)} or {newest('>', 40)}", for_s=9), [3, 50])
    assert result.limit
    assert (result.limit.sign, result.limit.limits) == (">", [40])
    _, result = decided(judge("expect", f"absent({FPS})"), [3])
    assert result.limit is None


@pytest.mark.issue(16)
def test_the_worst_sample_of_a_window() -> None:
    """A failed minimum names the sample that failed it, and when it was measured, not the newest one."""
    at_s, result = sampled(judge("expect", f"min({FPS}, 5s) > 10"), [*[15.0] * 9, 3.0, *[15.0] * 30])
    assert (at_s, result.held, result.reason) == (5.0, False, f"min({FPS}, 5s) = 3 fps after 2.5s")
    assert result.limit
    assert (result.limit.values[-1], result.limit.measured_s) == (3.0, 2.5)
    assert result.seen == {FPS: 3.0}
    at_s, result = sampled(judge("never", f"max({FPS}, 5s) > 20", for_s=9), [*[15.0] * 22, 30.0, *[15.0] * 30])
    assert (at_s, result.reason) == (5.75, f"it held after 5.75s: max({FPS}, 5s) = 30 fps after 5.75s")
    _, result = sampled(judge("expect", f"mean({FPS}, 5s) > 20"), [15.0] * 30)
    assert result.limit
    assert result.limit.measured_s is None
