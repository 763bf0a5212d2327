"""`synthlab init -f`: a first stack file for a Compose project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthlab.cli.main import main
from synthlab.control.backend import Backend
from synthlab.stack import read_stack
from synthlab.testing import FakeEngine

from ...stack.compose_projects import resolved

pytestmark = pytest.mark.issue(13)

SERVICES: dict[str, Any] = {
    "web": {
        "image": "nginx",
        "networks": {"default": None},
        "ports": [{"target": 80, "published": "8080"}, {"target": 81}],
    },
    "worker": {"build": {}, "networks": {"default": None}, "scale": 2},
    "agent": {"image": "x", "network_mode": "host"},
}
WRITTEN = """\
# Start with `synthlab up lab.yaml`, then change a network: `synthlab set NAME --latency 80ms`.
compose: [compose.yaml]
clients:
  web: {service: web, network: {}}  # nginx; networks: default; ports: 8080:80, any:81
  worker: {service: worker, network: {}}  # built; networks: default; 2 replicas
  # agent has `network_mode: host`, so it has no network of its own: give it one, without that key
"""


class _Engine(FakeEngine):
    services = SERVICES

    def compose_config(self, *arguments: Any, **named: Any) -> Any:
        return resolved(self.services)(*arguments, *named.values())


def test_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The file lists every service, with why it cannot be impaired, and brings the lab up as it is."""
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text("services: {}\n")
    assert main(["init", "-f", "compose.yaml", "--output", "lab.yaml"], Backend(_Engine())) == 0
    assert capsys.readouterr().out == "wrote lab.yaml: start the lab with `synthlab up lab.yaml`\n"
    assert Path("lab.yaml").read_text() == WRITTEN
    stack = read_stack("lab.yaml", environment={}, compose=resolved(SERVICES))
    assert list(stack.conditioned) == ["web", "worker-1", "worker-2"]


def test_no_file_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text("mine")
    assert main(["init", "--output", str(file)], Backend(_Engine())) == 2
    assert f"--output: {file} exists: choose another file" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are named as seen from the stack's folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labs").mkdir()
    Path("compose.yaml").write_text("services: {}\n")
    assert main(["init", "-f", "compose.yaml", "--output", "labs/own.yaml"], Backend(_Engine())) == 0
    assert "compose: [../compose.yaml]" in Path("labs/own.yaml").read_text()
