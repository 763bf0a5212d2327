"""The record of a run as plain data for reports: verdicts, steps with their times, conditions and samples.

All times are seconds since the start of the first step; samples taken before it have negative times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from .expression import Value

Verdict = Literal["passed", "failed", "wrong use", "inconclusive"]
"""`failed`: an expectation did not hold. `inconclusive`: the lab was too slow or too disturbed to judge."""

ENGINE_NAME = "engine name"
"""The fact that names the engine of a run, where several share the runs."""

EXIT_CODES: Mapping[Verdict, int] = {"passed": 0, "failed": 1, "wrong use": 2, "inconclusive": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One execution of one step. `planned_s` is when it was due, `began_s` when its first action took effect.

    A step that was not reached has neither. `ended_s` is when it finished, `until_s` when its effect ended (conditions
    with a `for`, traffic). `error` is why it could not be played. `stays`: the names of the states that it walks
    through, each with the seconds from its start.
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
    stays: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What an expectation measured, beside the limit that decided it: `number` `sign` `limit`.

    `values` are what was judged at `times_s`, in `unit`: bit/s, %, ms, or empty for plain numbers and words. So are the
    `limits`: one value, or one for each time if the limit was measured too. `name` is the number behind it, whose
    samples times `scale` are in the same unit. `measured_s` is when the last value was measured, if it is the minimum
    or maximum of a window.
    """

    number: str
    name: str
    sign: str
    unit: str = ""
    scale: float = 1.0
    times_s: Sequence[float] = ()
    values: Sequence[Value | None] = ()
    limits: Sequence[Value | None] = ()
    measured_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The result of one expectation; `id` is that of its step.

    `reason` is one line; `seen` are the numbers that decided it, None for no data. If the run ended first, the verdict
    is `inconclusive` and `decided_s` is None. `took_s` is the time until it held, or the recovery time of `recovers`;
    because numbers are sampled, the true time is up to `error_s` shorter. `limit` is the comparison that decided it.
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
    limit: Limit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """The conditions of a client from a time on, in native form (`Conditions.to_dict`)."""

    at_s: float
    client: str
    conditions: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Samples of one number, in the unit of that number. None means no data from that time on, which is not 0.

    At least four per second while an expectation uses the number, else one.
    """

    times_s: Sequence[float]
    values: Sequence[Value | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that a page wrote to its console, or a program to its log. `writer` is whose, `kind` console or log."""

    at_s: float
    writer: str
    kind: str
    text: str
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run of a scenario. `reasons` explain the verdict, most important first.

    `retried` counts the inconclusive runs that this one replaces. `facts` are versions and properties of engine and
    machine; `evidence` are files next to the report, by what they show, collected at `collected_s`; `thumbnails` are
    small JPEGs of the screenshots among them, in base64. `lines` are the last
    ones of consoles and logs. `baseline` is the last one's start and end. `doubt` is the number that makes the run
    inconclusive.
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
    """Start of the first step, in UTC (ISO 8601)."""
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
    collected_s: float | None = None
    thumbnails: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    doubt: Limit | None = None

    @property
    def engine(self) -> str:
        """The engine that it ran on, as named by `--engines`; empty without."""
        return self.facts.get(ENGINE_NAME, "")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Record:
        """Parse the result of `to_dict`, also after a round trip through JSON; raises TypeError for unknown keys."""
        parts: dict[str, Any] = {
            "steps": tuple(_played(one) for one in values["steps"]),
            "judged": tuple(Judged(**{**one, "limit": _limit(one["limit"])}) for one in values["judged"]),
            "configured": tuple(Configured(**one) for one in values["configured"]),
            "samples": {name: Series(**series) for name, series in values["samples"].items()},
            "reasons": tuple(values["reasons"]),
            "clients": tuple(values["clients"]),
            "baseline": tuple(values["baseline"]) if values["baseline"] else None,
            "lines": tuple(Line(**one) for one in values["lines"]),
            "doubt": _limit(values["doubt"]),
        }
        return cls(**{**values, **parts})


def _played(values: Mapping[str, Any]) -> Played:
    stays = tuple((at_s, name) for at_s, name in values.get("stays", ()))
    return Played(**{**values, "clients": tuple(values["clients"]), "stays": stays})


def _limit(values: Mapping[str, Any] | None) -> Limit | None:
    return None if values is None else Limit(**values)
