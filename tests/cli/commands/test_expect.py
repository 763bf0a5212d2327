"""`expect`, run in this process on fake clients."""

from __future__ import annotations

import pytest

from synthlab import Inconclusive, Lab
from synthlab.runner.judge import CheckResult
from synthlab.testing import fake_backend

from .command import output_json, run

FPS = "client1.video.client2.fps"


@pytest.mark.issue(10)
def test_expect(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0 with the values seen if the expression holds, 1 if not, 2 if it is invalid."""
    backend, apis = fake_backend("call")
    apis["call/client1"].answered_stats = {"values": {"video": {"client2": {"fps": 30}}}, "age_s": {"video": 0.1}}
    assert run("expect", f"{FPS} > 5", "--within", "5s", "--json", backend=backend) == 0
    answer = output_json(capsys)
    assert (answer["expression"], answer["held"], answer["seen"]) == (f"{FPS} > 5", True, {FPS: 30})
    assert 0 <= answer["took_s"] < 5
    assert run("expect", f"{FPS} < 5", backend=backend) == 1
    assert capsys.readouterr().err.startswith(f"synthlab: expect {FPS} < 5: {FPS} = 30 fps")
    assert run("expect", f"{FPS} < 5", "--json", backend=backend) == 1
    assert output_json(capsys)["held"] is False
    assert run("expect", "cleint1.video.client2.fps > 5", backend=backend) == 2
    assert run("expect", f"{FPS} > 5", "--within", "soon", backend=backend) == 2


@pytest.mark.issue(10)
def test_inconclusive(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 3 if the machine was too slow to judge; --within and --for are passed to the lab unchanged."""
    given: list[object] = []

    def judge(_lab: Lab, expression: str, within: str | None = None, for_: str | None = None) -> CheckResult:
        given.extend((expression, within, for_))
        raise Inconclusive("the machine was too slow")

    monkeypatch.setattr(Lab, "expect", judge)
    backend, _ = fake_backend("call")
    assert run("expect", f"{FPS} > 5", "--within", "10s", "--for", "3s", backend=backend) == 3
    assert given == [f"{FPS} > 5", "10s", "3s"]
    assert capsys.readouterr().err == "synthlab: the machine was too slow\n"
