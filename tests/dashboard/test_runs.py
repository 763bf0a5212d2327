"""Scenarios played through the lab API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthlab.testing import fake_backend

from ..scenario.files import STACK
from .served import Served, events, serving

SHORT = """\
about: a thin uplink
stack: call.yaml
vars: {LOSS: 5%}
steps:
  - set: client2
    egress: {loss: "${LOSS}"}
    mark: the bite
  - expect: client1.video.client2.fps > 10
    within: 3s
  - wait: 200ms
"""
LONG = "stack: call.yaml\nsteps:\n  - set: client2\n    egress: {loss: 5%}\n  - wait: 60s\n"


@pytest.fixture
def playing(tmp_path: Path) -> Iterator[Served]:
    """A server for a folder with two scenarios, and a lab of their stack in which client1 sees client2."""
    for name, text in {"call.yaml": STACK, "short.yaml": SHORT, "deep/long.yaml": LONG}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "deep" / "call.yaml").symlink_to(tmp_path / "call.yaml")
    backend, by_id = fake_backend("call", groups={"bot-1": "bot", "bot-2": "bot"})
    apis = {api.name: api for api in by_id.values()}
    apis["client1"].answered_stats = {"values": {"video": {"client2": {"fps": 15.0}}}, "age_s": {"video": 0.1}}
    with serving(tmp_path, backend, apis) as served:
        yield served


def play(served: Served, scenario: str, **more: Any) -> str:
    return str(served.ask("POST", "/v1/runs", {"scenario": scenario, "lab": "call", **more}, 202)["run"])


def test_scenarios(playing: Served) -> None:
    """Bundled ones, and those below the folder, which are not all YAML files there."""
    listed = playing.ask("GET", "/v1/scenarios")["scenarios"]
    assert [one["file"] for one in listed if not one["bundled"]] == ["short.yaml", "deep/long.yaml"]
    mine = next(one for one in listed if one["file"] == "short.yaml")
    assert mine == {
        "file": "short.yaml",
        "title": "a thin uplink",
        "stack": "call.yaml",
        "variables": {"LOSS": "5%"},
        "bundled": False,
    }
    assert "dog-chews-fiber.yaml" in [one["file"] for one in listed if one["bundled"]]


def test_a_run(playing: Served) -> None:
    """Its plan is known at once, its progress can be watched, and it ends with a verdict and a report."""
    with playing.http.stream("GET", "/v1/labs/call/events") as answer:
        stream = events(answer.iter_lines())
        next(stream)
        id = play(playing, "short.yaml", variables={"LOSS": "7%"}, seed=3)
        seen = []
        for event in stream:
            seen.append(event)
            if event[0] == "run" and event[1]["state"] == "ended":
                break
    ended = playing.ask("GET", f"/v1/runs/{id}")
    assert (ended["verdict"], ended["status"], ended["seed"]) == ("passed", 0, 3)
    assert ended["plan"][0]["title"] == "the bite"
    assert [one["state"] for one in ended["steps"]] == ["done", "passed", "done"]
    assert ended["steps"][1]["value"] == "client1.video.client2.fps = 15 fps"
    assert ended["elapsed_s"] > 0.2
    marks = [data for name, data in seen if name == "mark"]
    assert {"run": id, "at_s": 0.0, "text": "the bite", "kind": "set"} in marks
    running = [data for name, data in seen if name == "run" and data["state"] == "running"]
    assert {"running"} <= {step["state"] for run in running for step in run["steps"]}
    assert playing.apis["client2"].requests[-1] == {"egress": {"loss": "7%"}}
    assert playing.apis["client2"].conditions.to_dict() == {}
    report = playing.http.get(f"/v1/runs/{id}/report")
    assert report.headers["content-type"].startswith("text/html")
    assert "the bite" in report.text
    assert [run["id"] for run in playing.ask("GET", "/v1/runs")["runs"]] == [id]


def test_stop(playing: Served) -> None:
    """One run in a lab at a time; stopped, it reverts everything and is inconclusive."""
    id = play(playing, "deep/long.yaml")
    playing.wait_until(lambda: bool(playing.apis["client2"].requests[1:]))
    assert playing.ask("GET", "/v1/labs/call")["running"] == id
    assert playing.error("POST", "/v1/runs", {"scenario": "short.yaml"}, 409).endswith(f"lab 'call': run {id}")
    assert "stop run" in playing.error("DELETE", "/v1/labs/call", status=409)
    assert playing.error("GET", f"/v1/runs/{id}/report", status=409) == f"run {id} has not ended yet"
    assert playing.ask("GET", f"/v1/runs/{id}")["steps"][1]["state"] == "running"
    playing.ask("DELETE", f"/v1/runs/{id}")
    ended = playing.wait_for(f"/v1/runs/{id}", state="ended")
    assert (ended["verdict"], ended["reasons"]) == ("inconclusive", ["the run was stopped before its end"])
    assert playing.apis["client2"].conditions.to_dict() == {}
    assert playing.ask("GET", "/v1/labs/call")["running"] is None


def test_the_end_stops_runs(playing: Served) -> None:
    """A server that ends reverts what its scenarios have changed."""
    play(playing, "deep/long.yaml")
    client2 = playing.apis["client2"]
    playing.wait_until(lambda: bool(client2.requests[1:]))
    playing.end()
    playing.wait_until(lambda: client2.conditions.to_dict() == {})


def test_a_lab_that_does_not_fit(playing: Served) -> None:
    """It is not played, and the reason is that of the command."""
    playing.ask("PATCH", "/v1/labs/call/conditions", {"clients": "all", "change": {"egress": {"loss": "5%"}}})
    ended = playing.wait_for(f"/v1/runs/{play(playing, 'short.yaml')}", state="ended")
    assert (ended["verdict"], ended["status"]) == ("wrong use", 2)
    assert "does not have the conditions of its stack" in ended["reasons"][0]


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"scenario": "shrt.yaml"}, 422, "shrt.yaml: no such scenario file"),
        ({"scenario": "short.yaml", "variables": {"LOSS": "7"}}, 422, "/short.yaml:6: "),
        ({"scenario": "short.yaml", "variables": {"X": "7"}}, 422, "--var X: the scenario has no such variable"),
        ({"scenario": "short.yaml", "lab": "cal"}, 404, "no lab 'cal' is up"),
        ({"scenario": "short.yaml", "seed": -1}, 422, "seed: -1 is not between 0 and "),
    ],
)
def test_mistakes(body: Any, status: int, expected: str, playing: Served) -> None:
    assert expected in playing.error("POST", "/v1/runs", body, status)
    assert playing.ask("GET", "/v1/runs") == {"runs": []}


def test_unknown_runs(playing: Served) -> None:
    assert playing.error("GET", "/v1/runs/7", status=404) == "no run '7'; the last 20 are kept"
    assert playing.error("GET", "/v1/runs/7/evidence/x", status=404).startswith("no run '7'")


def test_evidence(playing: Served) -> None:
    """Only files of the run's own evidence, and none that a browser would run."""
    id = play(playing, "short.yaml")
    playing.wait_for(f"/v1/runs/{id}", state="ended")
    folder = playing.dashboard.runs.get(id).folder / "evidence"
    folder.mkdir(parents=True)
    (folder / "log.html").write_text("<script>")
    (folder.parent / "secret").write_text("x")
    answer = playing.http.get(f"/v1/runs/{id}/evidence/log.html")
    assert (answer.text, answer.headers["content-security-policy"]) == ("<script>", "sandbox")
    for path in ("secret", "%2e%2e/secret", "..%2fsecret", "", "a" * 5000, "%00"):
        assert playing.http.get(f"/v1/runs/{id}/evidence/{path}").status_code in (404, 422)
