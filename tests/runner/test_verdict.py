"""The four verdicts."""

from __future__ import annotations

from synthlab.runner.verdict import verdict_of
from synthlab.scenario.record import Judged, Verdict


def judged(verdict: Verdict, reason: str = "") -> Judged:
    return Judged(id="1", kind="expect", text="expect a > 1", place="s.yaml:3", verdict=verdict, reason=reason)


def test_passed() -> None:
    """All expectations held, and there is nothing else to report."""
    assert verdict_of([judged("passed")], [], [], []) == ("passed", ())


def test_failed() -> None:
    """A failed expectation, command or request: each is reported with its position."""
    lines = ("s.yaml:3: expect a > 1: a = 0", "s.yaml:9: exec 'false' in client1: ended with status 1")
    assert verdict_of([judged("passed"), judged("failed", "a = 0")], lines[1:], [], []) == ("failed", lines)


def test_inconclusive() -> None:
    """Doubts outweigh results; a step that cannot be played is no failure of the system under test."""
    assert verdict_of([judged("passed")], [], [], ["too slow"]) == ("inconclusive", ("too slow",))
    assert verdict_of([judged("failed", "a = 0")], [], [], ["too slow"]) == (
        "inconclusive",
        ("too slow", "s.yaml:3: expect a > 1: a = 0"),
    )
    assert verdict_of([judged("inconclusive")], [], ["client2 is gone"], []) == ("inconclusive", ("client2 is gone",))
