"""The sentence why, and what its picture shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.report import headline_of
from synthlab.report.amounts import amount
from synthlab.report.headline import sentence
from synthlab.report.picture import picture_of
from synthlab.report.timeline import axis_of
from synthlab.scenario.record import Judged, Limit, Record

from . import records

FPS = "client1.video.client2.fps"


def judged(**values: object) -> Judged:
    last = records.failed().judged[-1]
    return replace(last, **values)  # type: ignore[arg-type]


def limit(**values: object) -> Limit:
    made = Limit(number=FPS, name=FPS, sign=">=", times_s=[0.0, 1.1], values=[9.0, 3.0], limits=[12.0])
    return replace(made, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ({"limit": limit()}, f"{FPS} was 3 fps at 27.1s; it had to be >= 12 fps within 0.1s for 3s."),
        (
            {"limit": limit(values=[9.0, None])},
            f"{FPS} had no data at 27.1s; it had to be >= 12 fps within 0.1s for 3s.",
        ),
        (
            {"limit": limit(), "kind": "never", "within_s": None, "for_s": 20.0},
            f"{FPS} was 3 fps at 27.1s; it must never be >= 12 fps in 20s.",
        ),
        (
            {"limit": limit(), "mark": "a cut", "reason": "it held for only 1s: x"},
            f"a cut: {FPS} was 3 fps at 27.1s; it had to be >= 12 fps within 0.1s for 3s (it held for only 1s).",
        ),
        (
            {"limit": limit(number=f"min({FPS}, 5s)", measured_s=0.4)},
            f"min({FPS}, 5s) was 3 fps at 26.6s; it had to be >= 12 fps within 0.1s for 3s.",
        ),
        ({"limit": None, "text": "expect absent(x)", "reason": "x = 1"}, "expect absent(x): x = 1."),
    ],
)
def test_why(values: dict[str, object], result: str) -> None:
    """The number, what it was and when, and what it had to be; without a comparison, the reason."""
    assert sentence(judged(**values)) == result


@pytest.mark.parametrize(
    ("unit", "value", "result"),
    [
        ("bit/s", 96_400.0, "96.4 kbit/s"),
        ("%", 0.05, "5 %"),
        ("ms", 130.26, "130.3 ms"),
        ("", 9.72, "9.72 fps"),
        ("", "relay", "'relay'"),
        ("", None, "no data"),
    ],
)
def test_amounts(unit: str, value: float | str | None, result: str) -> None:
    """A value has the unit of its limit, or the one that its name implies."""
    assert amount(limit(unit=unit), value) == result


def test_the_first_failure() -> None:
    """Of several failed expectations the one that the first reason names is shown, else the first one."""
    early = judged(id="4", decided_s=20.0, text="expect early", limit=limit(), reason="early")
    record = records.failed()
    other = f"{early.place}: {early.text}: {early.reason}"
    both = replace(record, judged=(*record.judged, early))
    headline = headline_of(replace(both, reasons=(*record.reasons, other)))
    assert (headline.judged, headline.more) == (record.judged[-1], (other,))
    headline = headline_of(replace(both, reasons=("AssertionError",)))
    assert (headline.judged, headline.more) == (early, ("AssertionError",))


def test_an_inconclusive_run() -> None:
    """The number that makes it inconclusive is shown with its limit; if there is none, that of an expectation."""
    name = "client2.egress.queued"
    doubt = Limit(number=name, name=name, sign="<=", limits=[2.0])
    record = records.inconclusive()
    headline = headline_of(replace(record, doubt=doubt))
    assert headline.why == "Not judged: client2's forwarder was late by 48 ms (p99; 5 ms at the most)."
    assert headline.more == ("3.1 s of CPU were stolen",)
    assert headline.judged is None
    assert headline.picture
    assert [line.name for line in headline.picture.row.lines] == [name, "<= 2"]
    without = headline_of(record)
    assert without.judged == record.judged[1]
    assert without.picture


def test_a_failed_command() -> None:
    """A run that failed without a failed expectation says why, and shows the number that held most narrowly."""
    record = replace(records.dog(), verdict="failed", reasons=("s.yaml:3: exec 'no': status 1",))
    headline = headline_of(record)
    assert headline.why == "s.yaml:3: exec 'no': status 1."
    assert headline.judged == record.judged[2]


def test_nothing_was_judged() -> None:
    """A lab that did not start has its reason, and no picture."""
    bare = Record(
        scenario="s",
        file="s",
        stack="",
        lab="",
        seed=1,
        started="",
        duration_s=0.0,
        verdict="inconclusive",
        reasons=("no",),
    )
    headline = headline_of(bare)
    assert (headline.why, headline.picture) == ("Not judged: no.", None)


def test_what_was_judged_is_drawn() -> None:
    """A mean over a window is drawn as it was judged, with the samples behind it; a moving limit as it moved."""
    record = records.dog()
    mean = limit(number=f"mean({FPS}, 5s)", limits=[10.0, 12.0])
    picture = picture_of(judged(limit=mean, asked_s=20.0), record.samples, axis_of(record))
    assert picture
    raw, drawn, moving = picture.row.lines
    assert (raw.look, drawn.look, moving.look) == ("faint", "solid", "limit")
    assert (drawn.times_s, drawn.values) == ([20.0, 21.1], [9.0, 3.0])
    assert (moving.times_s, moving.values) == ([20.0, 21.1], [10.0, 12.0])


def test_without_a_comparison() -> None:
    """Of `absent(...)`, the number that it read is drawn, without a limit; without samples nothing is."""
    record = records.dog()
    absent = judged(limit=None, seen={FPS: 2.0})
    picture = picture_of(absent, record.samples, axis_of(record))
    assert picture
    assert [line.name for line in picture.row.lines] == [FPS]
    assert picture_of(absent, {}, axis_of(record)) is None
