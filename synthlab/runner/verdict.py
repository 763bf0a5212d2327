"""From what happened to one of the four verdicts, with the lines that explain it."""

from __future__ import annotations

from collections.abc import Sequence

from ..scenario.record import Judged, Verdict


def verdict_of(
    judged: Sequence[Judged], failures: Sequence[str], faults: Sequence[str], problems: Sequence[str]
) -> tuple[Verdict, tuple[str, ...]]:
    """`failures` are steps that ended badly, `faults` why something could not be played, `problems` why none can judge.

    Doubts weigh most: whatever was measured in such a lab says nothing of what was tested.
    """
    failed = [f"{one.place}: {one.text}: {one.reason}" for one in judged if one.verdict == "failed"]
    if problems:
        return "inconclusive", (*problems, *failed, *failures, *faults)
    if failed or failures:
        return "failed", (*failed, *failures, *faults)
    if faults:
        return "inconclusive", tuple(faults)
    return "passed", ()
