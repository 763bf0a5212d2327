"""What a played scenario leaves behind: verdicts, what happened when, and all samples. Plain data, for reports.

All times are seconds since the first step began; samples taken before it have negative ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from .expression import Value

Verdict = Literal["passed", "failed", "wrong use", "inconclusive"]
"""`failed`: an expectation did not hold. `inconclusive`: the lab was too slow, or too spoilt, to judge."""

EXIT_CODES: Mapping[Verdict, int] = {"passed": 0, "failed": 1, "wrong use": 2, "inconclusive": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One playing of one step. `planned_s` is when it was due, `began_s` when its first action was done.

    A step that was not reached has neither. `ended_s` is when it was done, and `until_s` when what it had put in force
    was over: for conditions with a `for`, say. An `error` is why it could not be played.
    """

    id: str
    kind: str
    text: str
    place: str
    track: str = ""
    depth: int = 0
    mark: str | None = None
    clients: tuple[str, ...] = ()
    planned_s: float | None = None
    began_s: float | None = None
    ended_s: float | None = None
    until_s: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What has become of one expectation. `id` is that of its step.

    `reason` is one line; `seen` are the numbers that decided it, None where there was no data. An expectation that was
    not decided, because the run ended before, has the verdict `inconclusive` and no `decided_s`. `took_s` is the time
    until it held, which lies within `error_s` below that (numbers are sampled); of `recovers`, the time to recover.
    """

    id: str
    kind: str
    text: str
    place: str
    verdict: Verdict
    reason: str = ""
    mark: str | None = None
    asked_s: float | None = None
    decided_s: float | None = None
    within_s: float | None = None
    for_s: float = 0.0
    took_s: float | None = None
    error_s: float | None = None
    seen: Mapping[str, Value | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """The conditions that a client had from a time on, in native form (`Conditions.to_dict`)."""

    at_s: float
    client: str
    conditions: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Samples of one number, named as in expectations (`client1.egress.rate`), in the unit of that number.

    There are four and more in a second while an expectation looks at it, else one. None: from then on it was absent.
    """

    times_s: Sequence[float]
    values: Sequence[Value | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run of a scenario. `reasons` are the lines that explain the verdict, the weightiest first.

    `retried` is how many runs in its place were inconclusive before.

    `facts` are versions and facts of engine and machine by name; `evidence` are files beside the report, by what they
    show. `baseline` is the time from, and to, which the last one was taken.
    """

    scenario: str
    file: str
    stack: str
    lab: str
    about: str | None = None
    seed: int
    client_seeds: Mapping[str, int] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    started: str
    """Of the first step, in UTC (ISO 8601)."""
    duration_s: float
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    retried: int = 0
    clients: tuple[str, ...] = ()
    baseline: tuple[float, float] | None = None
    steps: tuple[Played, ...] = ()
    judged: tuple[Judged, ...] = ()
    configured: tuple[Configured, ...] = ()
    samples: Mapping[str, Series] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Record:
        """From what `to_dict` wrote, also after JSON made lists of its tuples; raises TypeError for other keys."""
        parts: dict[str, Any] = {
            "steps": tuple(Played(**{**one, "clients": tuple(one["clients"])}) for one in values["steps"]),
            "judged": tuple(Judged(**one) for one in values["judged"]),
            "configured": tuple(Configured(**one) for one in values["configured"]),
            "samples": {name: Series(**series) for name, series in values["samples"].items()},
            "reasons": tuple(values["reasons"]),
            "clients": tuple(values["clients"]),
            "baseline": tuple(values["baseline"]) if values["baseline"] else None,
        }
        return cls(**{**values, **parts})
