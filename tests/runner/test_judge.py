"""Decision of expectations, on samples with given times."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from synthlab.runner.judge import CheckResult, ExpectationCheck
from synthlab.scenario.actions import Judge, JudgeKind
from synthlab.scenario.expression import Expression, Known, Recorded, source_of
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
