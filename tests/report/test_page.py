"""The report page: self-contained, safe and complete."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from synthlab.report import report_page
from synthlab.report.page import worst
from synthlab.scenario.record import Record

from . import records
from .pages import Page, without_plotly

NASTY = "</script><img src=x onerror=alert(1)>{{7*7}}%{x}&amp;\"' <a href='https://evil.example/'>x</a> var(--ink)"


@pytest.fixture(scope="module")
def dog() -> Page:
    return Page.of(report_page([records.dog()]))


def test_nothing_is_fetched() -> None:
    """The page opens offline: no element loads anything, its policy blocks requests, and it contains no URL."""
    page = Page.of(report_page([records.dog(), records.failed()]))
    loaded = [
        (tag, name) for tag, given in page.elements for name in given if name in ("src", "srcset", "data", "action")
    ]
    assert loaded == []
    assert {tag for tag, _ in page.elements} & {"link", "iframe", "object", "embed", "base", "img", "form"} == set()
    links = [given["href"] for tag, given in page.elements if tag == "a"]
    assert links
    assert all(link and link.startswith(("./", "#")) for link in links)
    text = without_plotly(report_page([records.dog()]))
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_the_policy_allows_the_two_scripts_only(dog: Page) -> None:
    """plotly.js is in the page once; only it and the page's own script may run."""
    policy = next(given["content"] or "" for tag, given in dog.elements if tag == "meta" and "http-equiv" in given)
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; ")
    assert len(dog.scripts) == 2
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in dog.scripts]
    assert policy.partition("script-src ")[2] == " ".join(f"'sha256-{digest}'" for digest in hashes)


def nasty() -> Record:
    """A record in which every text tries to break out of the page."""
    record = records.dog()
    number = f"client1.app.{NASTY}"
    steps = tuple(replace(step, text=NASTY, place=NASTY, mark=NASTY, error=NASTY) for step in record.steps)
    judged = tuple(
        replace(one, text=NASTY, place=NASTY, mark=NASTY, reason=NASTY, seen={number: NASTY}) for one in record.judged
    )
    return replace(
        record,
        scenario=NASTY,
        file=NASTY,
        stack=NASTY,
        lab=NASTY,
        about=NASTY,
        started=NASTY,
        steps=steps,
        judged=judged,
        reasons=(NASTY,),
        variables={NASTY: NASTY},
        facts={NASTY: NASTY},
        evidence={NASTY: NASTY},
        samples={**record.samples, number: replace(record.samples["client1.egress.queued"])},
    )


def test_no_text_breaks_out() -> None:
    """Names, texts, reasons and facts are shown literally: none becomes an element, a script or a template."""
    page = Page.of(report_page([nasty(), nasty()]))
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in Page.of(report_page([records.dog()] * 2)).elements}
    assert len(page.scripts) == 2
    assert not [given for _, given in page.elements for name in given if name.startswith("on")]
    assert page.text.count(" ".join(NASTY.split())) > 20
    address = next(given["href"] or "" for tag, given in page.elements if tag == "a" and given["href"] != "#run1")
    assert address.startswith(("#", "./%3C/script"))


def texts(value: Any) -> Iterator[str]:
    """All texts in a figure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from texts(entry)


def test_no_text_is_markup_in_a_figure() -> None:
    """plotly interprets tags and fields in texts; ours are escaped."""
    figures = Page.of(report_page([nasty()])).figures
    found = [text for figure in figures.values() for text in texts(figure) if "onerror" in text]
    assert len(found) > 10
    assert not [text for text in found if "<img" in text or "<a " in text or "%{x}" in text]


def test_what_is_reported(dog: Page) -> None:
    """Verdict and reasons, what was run, expectations with place and numbers, steps with their times, evidence."""
    for result in (
        "✓ passed all 3 expectations held",
        "A dog chews client2's fiber",
        "recovers client1.video.client2.fps >= 80% of before within 15s for 3s",
        "dog-chews-fiber.yaml:16",
        "3.2s to 4.2s, limit 15s",
        "client1.video.client2.fps = 28.9 fps",
        "16.006s (+6.3ms)",
        "26.002s",
        "Docker 28.3.3, Compose 2.39.1",
        "client1 = 1000, client2 = 1001",
        "evidence/client1 at 20s.png",
    ):
        assert result in dog.text, result
    links = [given["href"] for tag, given in dog.elements if tag == "a"]
    assert links == ["./evidence/client1.log", "./evidence/client1%20at%2020s.png"]


def test_large_numbers() -> None:
    """A rate in bit/s is written out, not with an exponent."""
    judged = replace(records.dog().judged[0], seen={"client1.egress.rate": 1_575_280.4})
    page = Page.of(report_page([replace(records.dog(), judged=(judged,))]))
    assert "client1.egress.rate = 1575.28 kbit/s" in page.text


def test_one_axis_of_time(dog: Page) -> None:
    """Timeline and clients share the same time span and margins, and all rows the same axis."""
    assert set(dog.figures) == {"figure-1-lane", "figure-1-open1", "figure-1-open2", "figure-1-fold1", "figure-1-fold2"}
    layouts = [figure["layout"] for figure in dog.figures.values()]
    assert len({tuple(layout["xaxis"]["range"]) for layout in layouts}) == 1
    assert len({(layout["margin"]["l"], layout["margin"]["r"]) for layout in layouts}) == 1
    assert not [trace for figure in dog.figures.values() for trace in figure["data"] if "xaxis" in trace]
    assert all([name for name in layout if name.startswith("xaxis")] == ["xaxis"] for layout in layouts)


def test_rows_do_not_overlap(dog: Page) -> None:
    """Each row is below the one before it, and high enough for its legend."""
    figure = dog.figures["figure-1-open1"]
    layout = figure["layout"]
    inner = layout["height"] - layout["margin"]["t"] - layout["margin"]["b"]
    rows = [layout[name]["domain"] for name in layout if name.startswith("yaxis")]
    assert len(rows) == 10
    for above, below in pairwise(rows):
        assert (above[0] - below[1]) * inner > 20
    for number, (bottom, top) in enumerate(rows, 1):
        legend = "legend" if number == 1 else f"legend{number}"
        shown = [trace for trace in figure["data"] if trace["legend"] == legend and trace.get("showlegend", True)]
        assert (top - bottom) * inner >= 19 * len(shown)


def test_colours_are_of_the_scheme(dog: Page) -> None:
    """Every colour in a figure is a CSS variable that the page defines for both schemes."""
    style = report_page([records.dog()]).partition("<style>")[2].partition("</style>")[0]
    used = {text for figure in dog.figures.values() for text in texts(figure) if text.startswith("var(")}
    assert len(used) > 10
    assert not [name for name in used if f"  {name[4:-1]}: light-dark(" not in style]
    colours = [trace["line"]["color"] for trace in dog.figures["figure-1-open1"]["data"]]
    assert all(colour.startswith("var(--") for colour in colours)


def test_several_runs() -> None:
    """A table of all runs comes first, under the worst verdict; the runs with that verdict are unfolded."""
    page = Page.of(report_page([records.dog(), records.failed(), records.inconclusive()]))
    assert "✗ failed : 3 runs, 1 passed, 1 failed, 1 inconclusive" in page.text
    runs = [given for tag, given in page.elements if tag == "details" and given.get("id", "")]
    assert [(given["id"], "open" in given) for given in runs] == [("run1", False), ("run2", True), ("run3", False)]
    assert {name.split("-")[1] for name in page.figures} == {"1", "2", "3"}
    assert len(page.scripts) == 2


def test_the_worst_verdict() -> None:
    """Wrong use is worse than failed, failed worse than inconclusive; no run at all is inconclusive."""
    assert worst(["passed", "failed", "inconclusive"]) == "failed"
    assert worst(["failed", "wrong use"]) == "wrong use"
    assert worst(["passed", "inconclusive"]) == "inconclusive"
    assert worst(["passed"]) == "passed"
    assert worst([]) == "inconclusive"


def test_a_run_without_anything() -> None:
    """A run rejected before its first step still has a page."""
    empty = replace(records.dog(), verdict="wrong use", steps=(), judged=(), configured=(), samples={}, baseline=None)
    page = Page.of(report_page([replace(empty, duration_s=0.0, evidence={}, clients=())]))
    assert "✗ wrong use" in page.text
    assert "This scenario has no expectations." in page.text
    assert "No step was started." in page.text
    assert page.figures == {}


def test_the_weight() -> None:
    """Without plotly.js, a run of 45 s with 4 clients takes less than 0.3 MB, and one with 50 less than 1 MB."""
    assert len(without_plotly(report_page([records.dog()]))) < 300_000
    crowd = report_page([records.crowd()])
    assert len(without_plotly(crowd)) < 1_000_000
    assert "34 more clients are not drawn" in crowd
