"""What `doctor` finds."""

from __future__ import annotations

import json

import pytest

from synthlab import doctor
from synthlab.cli import main
from synthlab.containers import EngineApi
from synthlab.doctor import examine
from synthlab.errors import SynthlabError
from synthlab.fakes import FakeEngine
from synthlab.images import LocalImage
from synthlab.world import World


class NoEngine(FakeEngine):
    """No engine answers."""

    def version(self) -> str:
        raise SynthlabError("the Docker engine does not answer") from ConnectionRefusedError("refused")


class EmptyEngine(FakeEngine):
    """An engine without images."""

    def image(self, tag: str) -> LocalImage | None:
        return None


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """What the docker command answers to a subcommand."""
    answers: dict[str, str | None] = {"compose": "2.26.1-4", "buildx": "github.com/docker/buildx 0.13"}
    monkeypatch.setattr(doctor, "_first_line", lambda *command: answers[command[1]])
    monkeypatch.setattr(doctor, "is_free", lambda port: port != 3000)
    return answers


def found(engine: EngineApi) -> dict[str, tuple[bool | None, str]]:
    return {finding.subject: (finding.ok, finding.told) for finding in examine(engine)}


@pytest.mark.usefixtures("tools")
def test_everything_is_looked_at() -> None:
    """Engine, Compose, buildx, disk, ports and every image have a finding; what hinders nothing is a note."""
    findings = found(EmptyEngine())
    assert findings["Docker engine"] == (True, "20.10")
    assert findings["Compose"] == (True, "2.26.1-4")
    assert findings["port 3000"] == (None, "taken")
    assert findings["port 5901"] == (True, "free")
    assert findings["debian:bookworm-slim"] == (None, "missing")
    assert findings["syntheticnet:latest"] == (None, "not built")


@pytest.mark.parametrize(
    ("subcommand", "answer", "subject"),
    [
        ("compose", None, "Compose"),
        ("compose", "1.29.2", "Compose"),
        ("compose", "v2.3.0", "Compose"),
        ("buildx", None, "buildx"),
    ],
)
def test_failures_have_a_mending(
    subcommand: str, answer: str | None, subject: str, tools: dict[str, str | None]
) -> None:
    """What hinders a lab fails, and says how to mend it."""
    tools[subcommand] = answer
    failed = [finding for finding in examine(EmptyEngine()) if finding.ok is False]
    assert [finding.subject for finding in failed] == [subject]
    assert "install" in failed[0].mending


@pytest.mark.usefixtures("tools")
def test_no_engine(capsys: pytest.CaptureFixture[str]) -> None:
    """Without an engine the rest is still looked at, and the status says that no lab can run."""
    assert main(["doctor", "--json"], World(NoEngine())) == 3
    output = capsys.readouterr()
    assert json.loads(output.out)[0]["told"] == "refused"
    assert output.err == "synthlab: a lab cannot run here yet: Docker engine\n"
