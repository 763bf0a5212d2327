"""Where people from outside can take part, every command and page says that they are not conditioned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .labs import lab_up, synthlab

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.issue(13), pytest.mark.timeout(300)]

LAB = "e2e-outside"
STACK = f"""\
name: {LAB}
sfu: {{app: janus, join: 127.0.0.1}}
clients: {{bot: {{app: bot}}}}
"""
SCENARIO = """\
stack: outside.yaml
steps:
  - wait: 1s
"""
LINE = "people from outside use http://127.0.0.1:8080/?name=you; their network is not conditioned"


def test_said_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ps`, `test`, and a scenario's output, record and report, in the same words."""
    monkeypatch.chdir(tmp_path)
    stack, scenario, report = (tmp_path / name for name in ("outside.yaml", "short.yaml", "report.html"))
    stack.write_text(STACK)
    scenario.write_text(SCENARIO)
    with lab_up(LAB, stack):
        assert synthlab("ps", "--lab", LAB).stdout.splitlines()[-1] == LINE
        played = synthlab("scenario", "run", str(scenario), "--report", str(report), "--allow-host", status=None)
        assert LINE in [line.strip() for line in (played.stdout + played.stderr).splitlines()]
        assert LINE in report.read_text()
    tested = synthlab("test", "--stack", str(stack), "--", "true", status=None)
    assert LINE in tested.stderr.splitlines()
    played = synthlab("scenario", "run", str(scenario), "--json", "--allow-host", status=None)
    assert json.loads(played.stdout)["records"][0]["facts"]["outside"] == LINE
