"""Records of runs with given verdicts and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthlab.scenario.actions import JudgeKind
from synthlab.scenario.record import Judged, Record, Series, Verdict

FPS = "client1.video.client2.fps"


def record(
    verdict: Verdict = "passed",
    fps: float | Sequence[float] = 20.0,
    took_s: float | None = 1.5,
    seed: int = 0,
    variables: Mapping[str, str] | None = None,
    reasons: tuple[str, ...] = (),
    text: str = f"recovers {FPS} >= 10 within 5s",
    mark: str | None = "the picture",
    kind: JudgeKind = "recovers",
    scenario: str = "s",
) -> Record:
    """A run of one expectation, from 1 s to 3 s, about `fps`: its samples at 1.5 s, 2.5 s, ..."""
    values = [fps] if isinstance(fps, int | float) else list(fps)
    judged = Judged(
        id="1",
        kind=kind,
        text=text,
        place="s.yaml:3",
        mark=mark,
        verdict=verdict,
        asked_s=1.0,
        decided_s=1.0 + len(values),
        within_s=5.0,
        took_s=took_s if verdict == "passed" else None,
        seen={FPS: values[-1]},
    )
    times = [1.5 + number for number in range(len(values))]
    return Record(
        scenario=scenario,
        file="s.yaml",
        stack="call.yaml",
        lab="call",
        seed=seed,
        variables=variables or {},
        facts={"synthlab": "0.2.0"},
        started="2026-01-01T00:00:00+00:00",
        duration_s=3.0,
        verdict=verdict,
        reasons=reasons,
        judged=(judged,) if verdict != "inconclusive" else (),
        samples={FPS: Series(times_s=[0.5, *times], values=[99.0, *values])},
    )
