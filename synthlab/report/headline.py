"""What a reader must know first: the verdict, the one sentence why, and one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..scenario.record import Judged, Limit, Record
from ..text.durations import format_seconds
from .amounts import amount, last, wanted
from .chart import Axis
from .picture import NumberPicture, doubt_picture, picture_of
from .timeline import axis_of


@dataclass(frozen=True, slots=True)
class Headline:
    """`why` is one sentence. `more` are the other reasons. `judged` is the expectation that `picture` shows, if any."""

    why: str
    more: tuple[str, ...]
    judged: Judged | None
    picture: NumberPicture | None

    @classmethod
    def of(cls, record: Record, axis: Axis) -> Headline:
        judged = to_blame(record)
        picture = doubt_picture(record.doubt, record.samples, axis) if record.doubt else None
        if picture is None and judged:
            picture = picture_of(judged, record.samples, axis)
        else:
            judged = judged if record.doubt is None else None
        if record.verdict == "failed" and judged and judged.verdict == "failed":
            return cls(sentence(judged), _others(record.reasons, judged), judged, picture)
        if record.verdict == "passed" and record.judged:
            return cls(_all_held(record.judged, judged), (), judged, picture)
        first = record.reasons[0] if record.reasons else "nothing was expected"
        doubtful = "Not judged: " if record.verdict == "inconclusive" else ""
        return cls(f"{doubtful}{first.removesuffix('.')}.", record.reasons[1:], judged, picture)


def headline_of(record: Record) -> Headline:
    """The headline of a record."""
    return Headline.of(record, axis_of(record))


def to_blame(record: Record) -> Judged | None:
    """The expectation to show first: the failed one that the first reason names, or the first that failed.

    If none failed, the one that held most narrowly.
    """
    decided = [one for one in record.judged if one.decided_s is not None]
    failed = [one for one in decided if one.verdict == "failed"]
    if failed:
        first = "".join(record.reasons[:1])
        return min(failed, key=lambda one: (one.text not in first, one.decided_s or 0.0))
    return max(decided, key=_tightness, default=None)


def sentence(judged: Judged) -> str:
    """`client1.video.client2.fps was 3.1 fps, not >= 11.5 fps within 4s: failed at 31.2s.`"""
    limit = judged.limit
    if limit is None or judged.decided_s is None:
        return f"{judged.text}: {judged.reason}."
    value = last(limit.values)
    seen = f"{limit.number} {'had' if value is None else 'was'} {amount(limit, value)} at {_measured(judged, limit)}"
    mark = f"{judged.mark}: " if judged.mark else ""
    if judged.kind == "never":
        return f"{mark}{seen}; it must never be {wanted(judged, limit)}."
    held = judged.reason.partition(":")[0]
    after = f" ({held})" if held.startswith("it held") else ""
    return f"{mark}{seen}; it had to be {wanted(judged, limit)}{after}."


def _measured(judged: Judged, limit: Limit) -> str:
    """When it was what it was: of a minimum or maximum, the time of its sample, else when it was decided."""
    at_s = judged.decided_s if limit.measured_s is None else (judged.asked_s or 0.0) + limit.measured_s
    return format_seconds(round(at_s or 0.0, 1))


def _all_held(all_judged: Sequence[Judged], tightest: Judged | None) -> str:
    count = len(all_judged)
    text = "The expectation held" if count == 1 else f"All {count} expectations held"
    if tightest is None or tightest.took_s is None or tightest.within_s is None:
        return f"{text}."
    spent = f"{format_seconds(round(tightest.took_s, 1))} of {format_seconds(tightest.within_s)}"
    narrow = "It took" if count == 1 else f"The slowest, {tightest.text}, took"
    return f"{text}. {narrow} {spent}."


def _others(reasons: Sequence[str], shown: Judged) -> tuple[str, ...]:
    return tuple(reason for reason in reasons if shown.text not in reason)


def _tightness(judged: Judged) -> float:
    """The share of its time that an expectation took; less than any share for one without a limit."""
    return -1.0 if judged.took_s is None or not judged.within_s else judged.took_s / judged.within_s
