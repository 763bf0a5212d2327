"""Tests of other programs: what is measured meanwhile, and its report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthlab.testing import fake_backend

from ..report.pages import Page
from .served import Served, serving

FPS = "client1.video.client2.fps"
WATCH = "/v1/labs/call/watch"
MEASURED_S = 2.5


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Served]:
    """A server with a lab in which client1 sees client2 at 15 fps."""
    backend, by_id = fake_backend("call")
    apis = {api.name: api for api in by_id.values()}
    apis["client1"].answered_stats = {"values": {"video": {"client2": {"fps": 15.0}}}, "age_s": {"video": 0.1}}
    with serving(tmp_path, backend, apis) as served:
        yield served


def judged(began_s: float, **more: Any) -> dict[str, Any]:
    times = {"asked_ms": round(began_s * 1000), "decided_ms": round(time.time() * 1000), "within_ms": 2000}
    what = {"text": f"{FPS}: expect fps >= 100", "expression": f"{FPS} >= 100", "verdict": "failed"}
    return {**what, **times, "reason": "not so within 2s: fps 15", **more}


def test_the_report(watched: Served) -> None:
    """It has the test, why it failed, the samples of its time, changed conditions, and its number with its limit."""
    began_s = time.time()
    watched.ask("PUT", WATCH, {"name": "survives a cut", "file": "call.spec.ts:12"})
    watched.ask("PATCH", "/v1/labs/call/conditions", {"clients": ["client2"], "change": {"egress": {"loss": "5%"}}})
    time.sleep(MEASURED_S)
    asked = [judged(began_s + 0.5), judged(began_s + 0.5, expression="no.such > 1", text="other", verdict="passed")]
    outcome = {"verdict": "failed", "reason": "Error: too few", "expectations": asked}
    answer = watched.http.post(f"{WATCH}/report", json=outcome)
    assert answer.status_code == 200, answer.text
    page = Page.of(answer.text)
    assert "survives a cut" in page.text
    assert f"{FPS} was 15 fps at" in page.text
    assert "it had to be >= 100 fps within 2s." in page.text
    chart = page.data["data1"]["charts"]["judged0"]
    measured, limit = chart["lines"]
    assert measured["values"]
    assert set(measured["values"]) == {15.0}
    assert limit["values"] == [100.0, 100.0]
    assert [shade["text"] for shade in page.data["data1"]["shades"]] == ["client2: egress loss 5%"]
    watched.ask("DELETE", WATCH)


def test_one_test_at_a_time(watched: Served) -> None:
    """A new test takes the place of the one before; without one, there is nothing to report or to end."""
    for name in ("first", "second"):
        watched.ask("PUT", WATCH, {"name": name, "file": "a.spec.ts"})
    page = watched.http.post(f"{WATCH}/report", json={"verdict": "passed", "expectations": []}).text
    assert "second" in page
    assert "first" not in Page.of(page).text
    watched.ask("DELETE", WATCH)
    for method, path, body in (
        ("DELETE", WATCH, None),
        ("POST", f"{WATCH}/report", {"verdict": "passed", "expectations": []}),
    ):
        assert watched.ask(method, path, body, 404)["error"] == "lab 'call' is not being watched"


def test_no_such_lab(watched: Served) -> None:
    """Only a lab that is up can be watched."""
    watched.ask("PUT", "/v1/labs/none/watch", {"name": "a", "file": "b"}, 404)
