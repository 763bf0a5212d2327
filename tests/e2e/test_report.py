"""A report in a real Chromium without network: drawn, aligned, readable in both colour schemes, no requests."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from synthlab.deploy.images import versioned
from synthlab.report import planned_page, report_page
from synthlab.scenario import check_scenario
from tests.report import records

from .labs import docker, synthlab

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

NAME = "synthlab-e2e-report"
LOOK = (Path(__file__).parent / "look.py").read_text()
LEAST_CONTRAST = 4.5
"""Minimum contrast of text and background (WCAG 2.2, 1.4.3)."""

WIDTHS = (400, 1280, 1920)
WIDE, HIGH = 1280, 800
Seen = dict[str, Any]
Box = list[float]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A container with Chromium and the pages, without network."""
    pages = tmp_path_factory.mktemp("pages")
    (pages / "report.html").write_text(report_page([records.written()]))
    (pages / "passed.html").write_text(report_page([records.holed()]))
    (pages / "doubtful.html").write_text(report_page([records.inconclusive()]))
    (pages / "runs.html").write_text(report_page(records.twelve()))
    (pages / "plan.html").write_text(planned_page(check_scenario("train", environment={})))
    synthlab("images", "build", "chrome", seconds=900)
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=9222", "about:blank")
    run = ("create", "--init", "--name", NAME, "--network", "none", "--entrypoint", "chromium")
    docker(*run, versioned("synthlab/chrome"), *flags)
    try:
        docker("cp", str(pages), f"{NAME}:/pages")
        docker("start", NAME)
        yield NAME
    finally:
        docker("rm", "--force", NAME)


def look(browser: str, page: str, width: int = WIDE, scheme: str = "light", act: str = "none") -> Seen:
    """The output of look.py, once the browser answers."""
    command = ["docker", "exec", "-i", browser, "python3", "-", f"file:///pages/{page}.html", str(width), scheme, act]
    for _ in range(20):
        done = subprocess.run(command, input=LOOK, capture_output=True, text=True, timeout=120, check=False)
        if "Connection refused" not in done.stderr and "StopIteration" not in done.stderr:  # it has no page at first
            break
        time.sleep(0.5)
    assert done.returncode == 0, done.stderr
    seen: Seen = json.loads(done.stdout)
    return seen


def contrast(ink: str, paper: str) -> float:
    """The contrast ratio of two colours written as rgb(r, g, b)."""
    low, high = sorted((_luminance(ink), _luminance(paper)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def meet(one: Box, other: Box) -> bool:
    """Whether two boxes overlap by more than a pixel."""
    return all(min(one[side + 2], other[side + 2]) - max(one[side], other[side]) > 1 for side in (0, 1))


soak = pytest.mark.soak


@pytest.mark.parametrize(
    ("page", "scheme"),
    [
        ("report", "light"),
        ("report", "dark"),
        pytest.param("runs", "light", marks=soak),
        pytest.param("runs", "dark", marks=soak),
        pytest.param("plan", "light", marks=soak),
        ("plan", "dark"),
    ],
)
def test_readable(browser: str, page: str, scheme: str) -> None:
    """Everything is drawn without errors or requests, and each text contrasts with its background."""
    seen = look(browser, page, scheme=scheme)
    assert seen["complaints"] == []
    assert [url for url in seen["asked"] if not url.startswith("data:")] == [f"file:///pages/{page}.html"]
    assert seen["plots"]
    assert all(plot["painted"] > 500 and plot["lines"] for plot in seen["plots"])
    assert len(seen["texts"]) > 20
    faint = [(text["text"], text["ink"], text["paper"]) for text in seen["texts"] if pale(text)]
    assert faint == []
    papers = {text["paper"] for text in seen["texts"]}
    assert all((_luminance(paper) > 0.5) == (scheme == "light") for paper in papers)


def pale(text: Seen) -> bool:
    return contrast(text["ink"], text["paper"]) < LEAST_CONTRAST


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=soak)])
def test_the_button_changes_the_colours(browser: str, scheme: str) -> None:
    """The toggle selects the other colour scheme, and the plots follow."""
    seen = look(browser, "report", scheme=scheme, act="toggle")
    papers = {one["paper"] for one in seen["texts"] + seen["plots"]}
    assert all((_luminance(paper) > 0.5) == (scheme == "dark") for paper in papers)
    assert not list(filter(pale, seen["texts"]))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", ["report", "passed", "doubtful", "runs"])
def test_the_first_screen(browser: str, page: str, width: int) -> None:
    """The sentence why and the picture are seen without scrolling, and nothing is wider than the page."""
    seen = look(browser, page, width=width)
    assert seen["width"] <= width
    assert len(seen["why"]) >= 2
    assert all(bottom <= HIGH for bottom in seen["why"][:2])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", ["report", pytest.param("plan", marks=soak)])
def test_aligned(browser: str, page: str, width: int) -> None:
    """All charts and lanes share an aligned time axis, one below the other."""
    seen = look(browser, page, width=width)
    plots = seen["plots"]
    assert len({plot["span"] for plot in plots}) == 1
    places = [plot["across"] for plot in plots] + seen["lanes"]
    assert len(places) > len(plots)
    assert all(abs(one[side] - places[0][side]) <= 1 for one in places for side in (0, 1)), places
    assert places[0][1] > width / 2
    assert not [(one["id"], other["id"]) for one, other in combinations(plots, 2) if meet(one["box"], other["box"])]


def test_zoomed_together(browser: str) -> None:
    """Dragging over a part of one chart shows that part in all of them, and moves the bars of the lanes."""
    whole, seen = look(browser, "report"), look(browser, "report", act="zoom")
    assert seen["complaints"] == []
    ((begins_s, ends_s),) = {tuple(map(float, plot["span"].split())) for plot in seen["plots"]}
    begun_s, ended_s = map(float, whole["plots"][0]["span"].split())
    assert begins_s == pytest.approx(begun_s + 0.25 * (ended_s - begun_s), abs=0.5)
    assert ends_s == pytest.approx(begun_s + 0.75 * (ended_s - begun_s), abs=0.5)
    [moved] = [x for x, from_s in seen["bars"] if from_s == "16.0063"]
    assert float(moved.removesuffix("%")) == pytest.approx(100 * (16.0063 - begins_s) / (ends_s - begins_s), abs=1)


def test_a_click_on_an_expectation(browser: str) -> None:
    """Its picture takes the place of the first one, and all charts show its moment."""
    seen = look(browser, "report", act="moment")
    assert seen["complaints"] == []
    assert seen["title"] == "expect client1.video.client2.kbps < 50% of before within 5s"
    ((begins_s, ends_s),) = {tuple(map(float, plot["span"].split())) for plot in seen["plots"]}
    assert begins_s < 21.9 < ends_s
    assert ends_s - begins_s <= 20.01
