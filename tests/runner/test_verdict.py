"""The four verdicts."""

from __future__ import annotations

from synthlab.runner.verdict import verdict_of
from synthlab.scenario.record import Judged, Verdict


def judged(verdict: Verdict, reason: str = "") -> Judged:
    return Judged(id="1", kind="expect", text="expect a > 1", place="s.yaml:3", verdict=verdict, reason=reason)


def test_passed() -> None:
    """Where all held, and nothing else is to be said."""
    assert verdict_of([judged("passed")], [], [], []) == ("passed", ())


def test_failed() -> None:
    """Where an expectation did not hold, or a command or a request ended badly: each is told with its place."""
    lines = ("s.yaml:3: expect a > 1: a = 0", "s.yaml:9: exec 'false' in client1: ended with status 1")
    assert verdict_of([judged("passed"), judged("failed", "a = 0")], lines[1:], [], []) == ("failed", lines)


def test_inconclusive() -> None:
    """Doubts weigh more than what was measured; a step that cannot be played is no failure of what is tested."""
    assert verdict_of([judged("passed")], [], [], ["too slow"]) == ("inconclusive", ("too slow",))
    assert verdict_of([judged("failed", "a = 0")], [], [], ["too slow"]) == (
        "inconclusive",
        ("too slow", "s.yaml:3: expect a > 1: a = 0"),
    )
    assert verdict_of([judged("inconclusive")], [], ["client2 is gone"], []) == ("inconclusive", ("client2 is gone",))
