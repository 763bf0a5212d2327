"""The report page: self-contained, safe and complete."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from synthlab.report import report_page, worst
from synthlab.scenario.record import Line, Record, Series

from . import records
from .pages import Page, without_library

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
    text = without_library(report_page([records.dog()]))
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_the_policy_allows_the_script_and_the_style_only(dog: Page) -> None:
    """uPlot and the page's own script are one element; only it may run, and only the page's own style applies."""
    text = report_page([records.dog()])
    policy = next(given["content"] or "" for tag, given in dog.elements if tag == "meta" and "http-equiv" in given)
    [script], style = dog.scripts, text.partition("<style>")[2].partition("</style>")[0]
    assert policy == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src {digest(style)}; img-src data:; script-src {digest(script)}"
    )
    assert not dog.having("style")


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


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
        thumbnails={NASTY: NASTY},
        collected_s=20.0,
        lines=(Line(at_s=9.0, writer=NASTY, kind="console", text=NASTY, bad=True),),
        samples={**record.samples, number: replace(record.samples["client1.egress.queued"])},
    )


def test_no_text_breaks_out() -> None:
    """Names, texts, reasons and facts are shown literally: none becomes an element, a script or a template."""
    page = Page.of(report_page([nasty(), nasty()]))
    usual = Page.of(report_page([records.written()] * 2))
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in usual.elements}
    assert len(page.scripts) == 1
    assert not [given for _, given in page.elements for name in given if name.startswith("on")]
    assert page.text.count(" ".join(NASTY.split())) > 20
    addresses = [given["href"] or "" for tag, given in page.elements if tag == "a"]
    assert [address for address in addresses if address.startswith("./%3C/script")]
    assert all(address.startswith(("#", "./%3C/script")) for address in addresses)


def texts(value: Any) -> Iterator[str]:
    """All texts in the data of charts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from texts(entry)


def test_what_is_reported(dog: Page) -> None:
    """Verdict and why, what was run, expectations with place and numbers, steps with their times, evidence."""
    for result in (
        "✓ passed All 3 expectations held. The slowest, recovers",
        "took 4.2s of 15s.",
        "A dog chews client2's fiber",
        "recovers client1.video.client2.fps >= 80% of before within 15s for 3s",
        "dog-chews-fiber.yaml:16",
        "3.2s to 4.2s, limit 15s",
        "client1.video.client2.fps = 28.9 fps",
        "16.0 s +6.3ms 26.0 s",
        "Docker 28.3.3, Compose 2.39.1",
        "client1 = 1000, client2 = 1001",
        "evidence/client1 at 20s.png",
    ):
        assert result in dog.text, result
    links = [given["href"] for tag, given in dog.elements if tag == "a" and str(given["href"]).startswith("./")]
    assert links == ["./evidence/client1.log", "./evidence/client1%20at%2020s.png"]


def test_why_comes_first() -> None:
    """Of a failed run: the number, what it was, what it had to be; then the chart of it, before the first table."""
    text = report_page([records.failed()])
    why = "client1.video.client2.fps was 2.1 fps at 27.1s; it had to be &gt;= 23.7 fps within 0.1s for 3s."
    places = [text.index(part) for part in (f'<p class="why">{why}</p>', 'class="chart picture"', "<table>")]
    assert places == sorted(places)
    page = Page.of(text)
    [picture] = [given for given in page.having("data-chart") if given["class"] == "chart picture"]
    chart = page.data["data1"]["charts"][picture["data-chart"]]
    assert chart["moment"] == {"at": 27.1, "text": "failed at 27.1s: 2.1 fps", "colour": "bad"}
    measured, limit = chart["lines"]
    assert (measured["name"], limit["name"], limit["look"]) == ("client1.video.client2.fps", ">= 23.7 fps", "limit")
    assert limit["values"] == [23.7, 23.7]
    assert page.data["data1"]["times"][measured["times"]][0] == -3.0
    assert measured["values"][0] == 30.0


def test_the_change_is_shaded(dog: Page) -> None:
    """The span in which client2's network was not as at the start, and what was changed."""
    assert dog.data["data1"]["shades"] == [
        {"from": 16.003, "to": 26.002, "client": "client2", "text": "client2: egress rate 100kbit, queue 200ms"}
    ]
    assert dog.data["data1"]["marks"] == [{"at": 16.006, "text": "the dog chews", "colour": "mark"}]


def test_a_click_goes_to_the_moment(dog: Page) -> None:
    """Each expectation links to its step, and names its moment and its picture."""
    links = [given for given in dog.having("data-picture") if given.get("href", "") != "#" and "href" in given]
    assert [(link["href"], link["data-at"]) for link in links] == [
        ("#step1-1", "1.2"),
        ("#step1-4", "21.9"),
        ("#step1-5", "33.4"),
    ]
    assert {str(link["data-picture"]) for link in links} <= dog.data["data1"]["charts"].keys()
    assert {str(link["href"])[1:] for link in links} <= {given["id"] for given in dog.having("id")}


def test_large_numbers() -> None:
    """A rate in bit/s is written out, not with an exponent."""
    judged = replace(records.dog().judged[0], seen={"client1.egress.rate": 1_575_280.4})
    page = Page.of(report_page([replace(records.dog(), judged=(judged,))]))
    assert "client1.egress.rate = 1575.28 kbit/s" in page.text


def test_one_axis_of_time(dog: Page) -> None:
    """All charts of a run share one axis and its wall clock; every chart in the page has its data, and no other is."""
    data = dog.data["data1"]
    assert data["axis"] == [-2.997, 45.211]
    assert data["started_ms"] == 1772460311250
    assert {given["data-chart"] for given in dog.having("data-chart")} | {"judged1", "judged2"} == data["charts"].keys()


def test_participants_before_the_network(dog: Page) -> None:
    """What participants saw comes first, then the network; clients that matter are unfolded."""
    assert dog.text.index("What participants saw") < dog.text.index("The network")
    titles = [given["data-chart"] for given in dog.having("data-chart")][1:]
    assert titles == sorted(titles, key=lambda title: "-net-" in str(title))


def test_colours_are_of_the_scheme(dog: Page) -> None:
    """Every colour of a line is a CSS variable that the page defines for both schemes."""
    style = report_page([records.dog()]).partition("<style>")[2].partition("</style>")[0]
    lines = [line for chart in dog.data["data1"]["charts"].values() for line in chart["lines"]]
    used = {line["colour"] for line in lines} | {
        f"{line['colour']}-band" for line in lines if line["look"] == "configured"
    }
    assert len(used) > 8
    assert not [name for name in used if f"  --{name}: light-dark(" not in style]


def test_lines_and_pictures_are_on_the_axis() -> None:
    """A screenshot and the lines of consoles and logs lie at their moments; a line with an error stands out."""
    page = Page.of(report_page([records.written()]))
    assert "console of client1: 2 lines, 1 bad" in page.text
    assert "log of sfu: 200 lines" in page.text
    assert "100 more lines are in the file of evidence." in page.text
    [image] = [given for tag, given in page.elements if tag == "image"]
    assert image["href"] == "data:image/jpeg;base64,/9j/4AAQSkZJRg=="
    assert "28.2" in {given["data-from"] for given in page.having("data-from")}
    [bad] = [given for given in page.having("data-at") if given["data-at"] == "17.1" and given.get("class") == "bad"]
    assert bad["x"] == f"{100 * (17.1 + 2.997) / (45.211 + 2.997):.3f}%"


def test_a_hostile_picture() -> None:
    """A thumbnail that is not base64 is left out: the page holds it unescaped."""
    hostile = replace(records.written(), thumbnails={"screenshot 1 of client1": '"/><script>alert(1)</script>'})
    page = Page.of(report_page([hostile]))
    assert len(page.scripts) == 1
    assert [given["href"] for tag, given in page.elements if tag == "image"] == ["data:image/jpeg;base64,"]


def test_twelve_runs() -> None:
    """A row for each run with its variables, the course of the number that failed, and the spread below."""
    text = report_page(records.twelve())
    page = Page.of(text)
    assert (
        "failed 3 failed 1 inconclusive 8 passed 3 of 12 runs: failed. Run 6: client1.video.client2.fps was"
        in page.text
    )
    assert "run verdict RATE course value took duration seed why" in page.text
    assert text.count('<svg class="spark') == 12
    assert "median (min to max) 28.9 fps (2.1 fps to 28.9 fps) 5.2s (4.2s to 7.2s)" in page.text
    lines = page.data["data-runs"]["charts"]["runs"]["lines"]
    assert [line["name"] for line in lines[:2] + lines[-1:]] == ["run 1 ✓", "run 2 ✓", ">= 23.7 fps"]
    assert len(lines) == 13
    runs = [given["id"] for tag, given in page.elements if tag == "details" and given.get("class") == "run"]
    assert runs == [f"run{number}" for number in range(1, 13)]
    assert len(page.scripts) == 1


def test_many_runs() -> None:
    """Of 30 runs all are in the table; twelve have charts, and those that did not pass are among them."""
    page = Page.of(report_page([records.dog()] * 29 + [records.failed()]))
    drawn = {name for name, document in page.data.items() if name != "data-runs" and document["charts"]}
    assert len(drawn) == 12
    assert "data30" in drawn
    assert page.text.count("✓ passed") >= 29


def test_two_scenarios() -> None:
    """Each scenario has its own table, the one with the worst verdict first."""
    other = replace(records.dog(), scenario="elevator", file="elevator.yaml")
    page = Page.of(report_page([other, records.failed()]))
    assert page.text.index("1 of 1 runs: failed.") < page.text.index("All 1 runs passed.")


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
    assert page.data["data1"]["charts"] == {}


def test_numbers_that_are_not_finite() -> None:
    """A sample that JSON cannot express is a gap in its chart."""
    name = "client1.video.client2.fps"
    samples = {**records.dog().samples, name: Series(times_s=[1.0, 2.0], values=[math.nan, 30.0])}
    page = Page.of(report_page([replace(records.dog(), samples=samples)]))
    chart = page.data["data1"]["charts"]["judged0"]
    assert chart["lines"][0]["values"] == [None, 30.0]


def test_the_weight() -> None:
    """A run of 45 s with 4 clients takes less than 0.4 MB, and one with 50 less than 1.2 MB."""
    assert len(report_page([records.dog()])) < 400_000
    crowd = report_page([records.crowd()])
    assert len(crowd) < 1_200_000
    assert "34 more clients are not drawn" in crowd
