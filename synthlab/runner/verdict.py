"""Decides the verdict of a run and the lines that explain it."""

from __future__ import annotations

from collections.abc import Sequence

from ..scenario.record import Judged, Verdict


def verdict_of(
    judged: Sequence[Judged], failures: Sequence[str], faults: Sequence[str], problems: Sequence[str]
) -> tuple[Verdict, tuple[str, ...]]:
    """`failures` are failed steps, `faults` steps that could not be played, `problems` reasons not to trust the lab.

    Doubts decide first: nothing measured in such a lab says anything about the system under test, so a run in doubt is
    inconclusive even where every expectation failed, or held. A fault alone is inconclusive as well, not failed.
    """
    failed = [f"{one.place}: {one.text}: {one.reason}" for one in judged if one.verdict == "failed"]
    if problems:
        return "inconclusive", (*problems, *failed, *failures, *faults)
    if failed or failures:
        return "failed", (*failed, *failures, *faults)
    if faults:
        return "inconclusive", tuple(faults)
    return "passed", ()
