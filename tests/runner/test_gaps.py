"""A number without data for a while, at every phase of publication and polling; on a hand-moved clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from synthlab.runner.judge import CheckResult, ExpectationCheck
from synthlab.runner.sampler import TICK_NS
from synthlab.runner.samples import number_sources, of_stats
from synthlab.scenario.actions import Judge, JudgeKind
from synthlab.scenario.expression import Expression, Known, Recorded
from synthlab.stack import read_stack
from synthlab.text.durations import ns_of, seconds_of

pytestmark = pytest.mark.issue(10)

FPS = "client1.video.client2.fps"
KNOWN = Known.of(read_stack("call.yaml"))
PUBLISHED_S = 0.25
RATE_S = 1.0
TICK_S = seconds_of(TICK_NS)
GAPS_S = (0.5, 1.0, 2.0, 4.0)
PHASES_S = tuple(step * 0.05 for step in range(5))
BEGIN_S = 3.0
"""When the step begins, long after its client."""


@dataclass(frozen=True)
class Picture:
    """15 frames a second, but none from `stops_s` on for `lasts_s`. `vanishes`: nor is there a track; else it is 0."""

    stops_s: float
    lasts_s: float
    vanishes: bool

    @property
    def back_s(self) -> float:
        return self.stops_s + self.lasts_s

    def measured(self, at_s: float) -> Mapping[str, Any]:
        """What a client publishes: a track that is not a second old has no rate yet."""
        seen_s = RATE_S - max(0.0, min(at_s, self.back_s) - max(at_s - RATE_S, self.stops_s))
        gone = self.vanishes and self.stops_s <= at_s < self.back_s + RATE_S
        return {} if gone else {"client2": {"fps": 15.0 * seen_s}}

    def answer(self, at_s: float, phase_s: float) -> Mapping[str, Any]:
        """What its API answers: the newest publication, and how old that is."""
        published_s = at_s - (at_s - phase_s) % PUBLISHED_S
        return {"values": {"video": self.measured(published_s)}, "age_s": {"video": at_s - published_s}}


def decided(judge: Judge, picture: Picture, phase_s: float, asks_s: float) -> CheckResult:
    """The result for a sampler whose rounds start at `asks_s`."""
    judging, recorded = ExpectationCheck(judge, ns_of(BEGIN_S)), Recorded(fine={FPS})
    for turn in range(200):
        now_s = 1.0 + asks_s + turn * TICK_S
        now_ns = ns_of(now_s)
        recorded.hear(now_ns, *of_stats("client1", picture.answer(now_s, phase_s), now_ns))
        if now_s > BEGIN_S and (result := judging.look(now_ns, recorded)):
            return result
    raise AssertionError("it is not decided")


def judge(kind: JudgeKind, text: str, within_s: float | None = None, for_s: float = 0.0) -> Judge:
    within_ns = None if within_s is None else ns_of(within_s)
    return Judge(kind=kind, expression=Expression.parse(text, KNOWN), within_ns=within_ns, for_ns=ns_of(for_s))


def phases() -> Iterator[tuple[float, float]]:
    """Of the client that publishes, and of who asks it."""
    yield from ((one, other * TICK_S / PUBLISHED_S) for one in PHASES_S for other in PHASES_S)


@pytest.mark.parametrize("vanishes", [True, False])
@pytest.mark.parametrize("lasts_s", GAPS_S)
def test_never(lasts_s: float, vanishes: bool) -> None:
    """A picture that freezes or vanishes for this long fails `never ... < 8` at every phase."""
    for published_s, asked_s in phases():
        picture = Picture(BEGIN_S + 0.7, lasts_s, vanishes)
        # Of half a second without frames a rate over a second shows the half.
        result = decided(judge("never", f"{FPS} < 11", for_s=6), picture, published_s, asked_s)
        assert not result.held
        # Until it begins, for a rate to fall, for the next publication and the next question.
        at_s = float(result.reason.split("after ")[1].split("s:")[0])
        assert 0.7 <= at_s <= 0.7 + RATE_S + PUBLISHED_S + TICK_S


@pytest.mark.parametrize("lasts_s", GAPS_S)
def test_never_while_all_is_well(lasts_s: float) -> None:
    """A gap that ends a second before the step, or starts after it, is ignored."""
    for published_s, asked_s in phases():
        before = Picture(BEGIN_S - lasts_s - RATE_S - 0.01, lasts_s, vanishes=True)
        after = Picture(BEGIN_S + 6.3, lasts_s, vanishes=True)
        for picture in (before, after):
            result = decided(judge("never", f"{FPS} < 8", for_s=6), picture, published_s, asked_s)
            assert result.held, result.reason


@pytest.mark.parametrize("vanishes", [True, False])
@pytest.mark.parametrize("lasts_s", GAPS_S)
def test_recovers(lasts_s: float, vanishes: bool) -> None:
    """The reported interval contains the time at which frames return, and is no longer than necessary."""
    for published_s, asked_s in phases():
        picture = Picture(BEGIN_S, lasts_s, vanishes)
        hold = judge("recovers", f"{FPS} >= 13.5", within_s=30, for_s=3)
        result = decided(hold, picture, published_s, asked_s)
        assert result.held
        assert result.took_s is not None
        assert result.error_s is not None
        assert result.took_s - result.error_s <= lasts_s <= result.took_s
        assert result.error_s <= RATE_S + PUBLISHED_S + 3 * TICK_S + 1e-9


@pytest.mark.parametrize("lasts_s", GAPS_S)
def test_expect(lasts_s: float) -> None:
    """An expectation fails as no data at once, at the end of `within`, and while it must hold."""
    for published_s, asked_s in phases():
        at_once = decided(judge("expect", f"{FPS} < 60"), Picture(BEGIN_S, 60, True), published_s, asked_s)
        assert at_once.reason == f"no data: {FPS}"
        within = decided(judge("expect", f"{FPS} > 1", 2), Picture(BEGIN_S, 60, True), published_s, asked_s)
        assert within.reason == f"not within 2s: no data: {FPS}"
        gap = Picture(BEGIN_S + 2.5, lasts_s, vanishes=True)
        hold = decided(judge("expect", f"{FPS} < 60", for_s=6), gap, published_s, asked_s)
        assert hold.reason.endswith(f"not 6s: no data: {FPS}")


@pytest.mark.parametrize("lasts_s", GAPS_S)
def test_a_client_that_does_not_answer(lasts_s: float) -> None:
    """A silent client has no data from the first unanswered request on: `never` fails, `recovers` includes its end."""
    tries: list[tuple[JudgeKind, str, float | None]] = [("never", "< 8", None), ("recovers", "< 60", 30.0)]
    for kind, sign, within_s in tries:
        for _, asks_s in phases():
            judging = ExpectationCheck(judge(kind, f"{FPS} {sign}", within_s, 6), ns_of(BEGIN_S))
            recorded, result = Recorded(fine={FPS}), None
            turn = 0
            while result is None:
                turn, now_s = turn + 1, 1.0 + asks_s + turn * TICK_S
                if BEGIN_S + 0.1 <= now_s < BEGIN_S + 0.1 + lasts_s:
                    recorded.silence(ns_of(now_s), ns_of(now_s), number_sources("client1"))
                else:
                    recorded.add(ns_of(now_s), {FPS: 15.0})
                result = judging.look(ns_of(now_s), recorded)
            if kind == "never":
                assert result.reason.startswith("no data after")
            else:
                assert result.took_s is not None
                assert result.took_s - (result.error_s or 0) <= lasts_s + 0.1 <= result.took_s
