"""A run whose verdict is compared with what the page says of its own frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .page_log import SEEN_LATE_S, Label, PageLog, TrueRecovery, label_of_never

FPS = "client1.video.client2.fps"
VIEWER, SENDER = "client1", "client2"
BASELINE_S = 3


@dataclass(frozen=True)
class Asked:
    """What a run asks: the picture must never be slower than `slow` for `watch_s`, and be back within `within_s`.

    Back means `share` percent of the rate before, for `hold_s`.
    """

    slow: float = 7.5
    watch_s: float = 6.0
    share: float = 75.0
    within_s: float = 9.0
    hold_s: float = 3.5

    def steps(self) -> str:
        return (
            f'  - {{at: 0s, never: "{FPS} < {self.slow:g}", for: {self.watch_s:.2f}s, mark: never}}\n'
            f'  - {{at: 0s, recovers: "{FPS} >= {self.share:g}% of before", within: {self.within_s:.2f}s, '
            f"for: {self.hold_s:.2f}s, mark: recovers}}\n"
        )


@dataclass(frozen=True)
class PlayedRun:
    """One run and its page's log, both in seconds of the run. `judged` are the results by mark, as in a record."""

    kind: str
    asked: Asked
    log: PageLog
    verdict: str
    reasons: Sequence[str]
    baseline: tuple[float, float]
    judged: Mapping[str, Mapping[str, Any]]

    @property
    def labels(self) -> dict[str, Label]:
        """What each expectation must come to."""
        if not self.is_judged:
            return {}
        never = label_of_never(self.log, self._asked_s("never"), self.asked.slow, self.asked.watch_s)
        return {"never": never, "recovers": self._recovery.label}

    @property
    def label(self) -> Label:
        """What the run must come to."""
        labels = self.labels.values()
        return "failed" if "failed" in labels else "either" if "either" in labels else "passed"

    @property
    def is_judged(self) -> bool:
        return self.verdict in ("passed", "failed")

    def wrongly(self, verdict: str) -> list[str]:
        """The expectations that have this verdict and must not."""
        wrong = {"passed": "failed", "failed": "passed"}[verdict]
        return [
            mark for mark, label in self.labels.items() if label == wrong and self.judged[mark]["verdict"] == verdict
        ]

    @property
    def is_covered(self) -> bool | None:
        """Whether the reported interval has the recovery in it; None without one that can be told."""
        result = self.judged.get("recovers", {})
        if not self.is_judged or result["verdict"] != "passed" or (true_s := self._recovery.at_s) is None:
            return None
        latest_s = self._asked_s("recovers") + result["took_s"]
        return bool(latest_s - result["error_s"] <= true_s <= latest_s + SEEN_LATE_S)

    @property
    def _recovery(self) -> TrueRecovery:
        begin_s, end_s = self.baseline
        before = self.log.frames(begin_s, end_s) / (end_s - begin_s)
        limit = self.asked.share / 100 * before
        return TrueRecovery(self.log, self._asked_s("recovers"), limit, self.asked.within_s, self.asked.hold_s)

    def _asked_s(self, mark: str) -> float:
        return float(self.judged[mark]["asked_s"])

    def __str__(self) -> str:
        said = {
            mark: f"{one['verdict']} ({self.labels.get(mark)}): {one['reason']}" for mark, one in self.judged.items()
        }
        back = "" if self._times is None else "; back at {:.2f} s, reported {:.2f} to {:.2f} s".format(*self._times)
        return f"{self.kind}: {self.verdict} {'; '.join(self.reasons[:1])}; {said}{back}"

    @property
    def _times(self) -> tuple[float, float, float] | None:
        """When it was back, and between which times that is reported to be, since it was asked."""
        if self.is_covered is None or (at_s := self._recovery.at_s) is None:
            return None
        result = self.judged["recovers"]
        took_s = float(result["took_s"])
        return at_s - self._asked_s("recovers"), took_s - float(result["error_s"]), took_s


@dataclass(frozen=True)
class Proof:
    """All runs of a proof, and the figures that it comes to."""

    runs: Sequence[PlayedRun]

    @property
    def false_passes(self) -> list[PlayedRun]:
        return [one for one in self.runs if one.wrongly("passed")]

    @property
    def false_fails(self) -> list[PlayedRun]:
        return [one for one in self.runs if one.wrongly("failed")]

    @property
    def inconclusive(self) -> list[PlayedRun]:
        return [one for one in self.runs if not one.is_judged]

    @property
    def either(self) -> list[PlayedRun]:
        """Runs too close to a limit for the page to tell what they must come to."""
        return [one for one in self.runs if one.is_judged and one.label == "either"]

    @property
    def coverage(self) -> tuple[int, int]:
        """In how many runs the reported interval has the recovery in it, and of how many."""
        told = [one.is_covered for one in self.runs if one.is_covered is not None]
        return sum(told), len(told)

    def table(self) -> str:
        """A row for each kind of run, and one for all."""
        kinds = dict.fromkeys(one.kind for one in self.runs)
        parts = [(kind, Proof([one for one in self.runs if one.kind == kind])) for kind in kinds]
        lines: list[tuple[str, ...]] = [
            ("kind", "runs", "must fail", "either", "false pass", "false fail", "inconclusive", "covered")
        ]
        lines += [(kind, *proof._figures()) for kind, proof in [*parts, ("all", self)]]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)

    def _figures(self) -> Iterator[str]:
        must_fail = [one for one in self.runs if one.is_judged and one.label == "failed"]
        lists: Iterable[Sequence[PlayedRun]] = (
            *(self.runs, must_fail, self.either),
            *(self.false_passes, self.false_fails, self.inconclusive),
        )
        yield from (str(len(runs)) for runs in lists)
        yield "{} of {}".format(*self.coverage)
