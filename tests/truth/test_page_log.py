"""What a page's frames say: on logs written by hand, 15 frames a second with a gap."""

from __future__ import annotations

import pytest

from .page_log import Label, PageLog, TrueRecovery, bridged, label_of_never
from .played_run import Asked, PlayedRun, Proof

pytestmark = pytest.mark.issue(16)

EVERY_S = 1 / 15
ASKED_S = 10.0


def with_gap(begin_s: float, end_s: float, until_s: float = 30.0) -> PageLog:
    """15 frames a second, but none between two times; the first after it is at its end."""
    before = [number * EVERY_S for number in range(1000) if number * EVERY_S < begin_s]
    after = [end_s + number * EVERY_S for number in range(1000) if end_s + number * EVERY_S < until_s]
    return PageLog([*before, *after], until_s)


def test_stretches() -> None:
    """The rate is of the second before: it falls as the gap begins, and is back a second after its end."""
    log = with_gap(12, 14)
    assert log.stretches(11, 20, lambda count: count == 0) == [pytest.approx((12 - EVERY_S + 1, 14))]
    ((begin_s, end_s),) = log.stretches(11, 20, lambda count: count < 15)
    assert begin_s == pytest.approx(12, abs=EVERY_S)
    assert end_s == pytest.approx(15, abs=EVERY_S)
    assert log.stretches(20, 40, lambda count: count >= 14) == [(20, 30)]


@pytest.mark.parametrize(
    ("gap_s", "limit", "label"),
    [(0, 7.5, "passed"), (0.3, 7.5, "passed"), (0.5, 7.5, "either"), (0.7, 7.5, "failed"), (1.1, 7.5, "failed")],
)
def test_never(gap_s: float, limit: float, label: Label) -> None:
    """A rate below the limit for longer than a blink fails; within a frame of the limit it is on neither side."""
    assert label_of_never(with_gap(12, 12 + gap_s), ASKED_S, limit, 6) == label


def test_never_at_its_ends() -> None:
    """What is over a second before it counts, or begins after its end, does not matter."""
    assert label_of_never(with_gap(7, 9.5), ASKED_S, 7.5, 6) == "passed"
    assert label_of_never(with_gap(17, 19), ASKED_S, 7.5, 6) == "passed"


@pytest.mark.parametrize(
    ("back_s", "label"),
    [(2.0, "passed"), (3.5, "passed"), (4.2, "either"), (4.7, "either"), (5.2, "failed"), (9, "failed")],
)
def test_recovery(back_s: float, label: Label) -> None:
    """Three quarters of the rate are back 0.75 s after the gap; within 5 s that is in time, too late, or too close."""
    recovery = TrueRecovery(with_gap(10.2, ASKED_S + back_s), ASKED_S, 11.25, 5, 2)
    assert recovery.label == label
    assert recovery.at_s == (pytest.approx(ASKED_S + back_s) if back_s < 6 else None)


def test_a_recovery_that_does_not_last() -> None:
    """It must hold; where a break is of one frame, the page cannot tell."""
    again = [*with_gap(10.2, 12, 13.5).at_s, *with_gap(0, 14.7).at_s]
    assert TrueRecovery(PageLog(again, 30), ASKED_S, 11.25, 3, 2).label == "failed"
    blink = [at_s for at_s in with_gap(10.2, 12).at_s if not 13.5 < at_s < 13.77]
    assert TrueRecovery(PageLog(blink, 30), ASKED_S, 11.25, 3, 2).label == "either"


def test_no_recovery() -> None:
    """A picture that never stopped has no moment at which it came back."""
    recovery = TrueRecovery(with_gap(0, 0.1), ASKED_S, 11.25, 5, 2)
    assert (recovery.label, recovery.at_s) == ("passed", None)


def test_bridged() -> None:
    """Stretches with less than a blink between them are one."""
    assert bridged([(0, 1), (1.2, 2), (3, 4)], 0.4) == [(0, 2), (3, 4)]


def run(never: str, recovers: str, took_s: float = 3.2, verdict: str = "failed") -> PlayedRun:
    """A run with a gap of three seconds, which fails `never` and passes `recovers`; what the lab made of it."""
    judged = {
        "never": {"asked_s": ASKED_S, "verdict": never, "reason": ""},
        "recovers": {"asked_s": ASKED_S, "verdict": recovers, "reason": "", "took_s": took_s, "error_s": 1.5},
    }
    return PlayedRun("gap", Asked(), with_gap(10.2, 13), verdict, (), (7.0, 10.0), judged)


def test_false_verdicts() -> None:
    """A false pass, a false fail and a wrong interval are counted; what is inconclusive is neither."""
    right, wrong = run("failed", "passed", 3.8), run("passed", "failed")
    late = run("failed", "passed", 9)
    unsure = run("passed", "failed", verdict="inconclusive")
    proof = Proof([right, wrong, late, unsure])
    assert right.label == "failed"
    assert proof.false_passes == proof.false_fails == [wrong]
    assert (proof.inconclusive, proof.either, proof.coverage) == ([unsure], [], (1, 2))
    assert proof.table().splitlines()[-1].split() == ["all", "4", "3", "0", "1", "1", "1", "1", "of", "2"]
