"""The steps of our GitHub Action, run in a shell with a real engine. GitHub's own actions are left out."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from synthlab.stack.yaml import read_resolved

from .github_job import GithubJob
from .labs import docker
from .leftovers import leftovers

pytestmark = [pytest.mark.docker, pytest.mark.issue(16), pytest.mark.soak, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
ACTION = read_resolved((ROOT / "action.yml").read_text(), "action.yml").plain()
STEPS = ACTION["runs"]["steps"]
LAB = "e2e-action"
SCENARIO = """\
stack: lab.yaml
steps:
  - {traffic: client2, to: client1, protocol: udp, rate: 1mbit, for: 4s}
  - {expect: client2.egress.rate > RATE, within: 3s, mark: it sends}
"""
COMMAND = "sleep infinity"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A repository with two scenarios and one that cannot start, in a folder whose name has a space."""
    folder = tmp_path / "net work"
    folder.mkdir()
    for name, command in (("lab", COMMAND), ("broken", "false")):
        clients = f"{{image: syntheticnet, command: {command}}}"
        (folder / f"{name}.yaml").write_text(f"name: {LAB}\nclients:\n  client1: {clients}\n  client2: {clients}\n")
    for name, rate in (("sends", "500kbit"), ("fails", "2mbit")):
        (folder / f"{name}.yaml").write_text(SCENARIO.replace("RATE", rate))
    (folder / "unsure.yaml").write_text("stack: broken.yaml\nsteps: [{wait: 1s}]\n")
    return tmp_path


def job(workspace: Path, scenarios: str, **given: str) -> GithubJob:
    """A job with these inputs, the others as the action has them."""
    defaults = {name: about.get("default", "") for name, about in ACTION["inputs"].items()}
    chosen = {"images": "syntheticnet", "working-directory": "net work", "retry-inconclusive": "0"}
    inputs = {
        **defaults,
        **chosen,
        "scenarios": scenarios,
        **{name.replace("_", "-"): text for name, text in given.items()},
    }
    return GithubJob(workspace, inputs=inputs, action=ROOT)


def test_an_empty_and_a_full_cache(workspace: Path) -> None:
    """With the same key nothing is built the second time; results, report and summary are there."""
    first = job(workspace, "sends.yaml\nfails.yaml", options="--seed 3")
    assert first.run(STEPS) == 1, first.printed
    assert first.outputs["verdict"] == "failed"
    assert first.summary.startswith("## ✗ 1 passed, 1 failed\n")
    assert "it sends" in first.summary
    suites = list(ElementTree.parse(first.results / "results.xml").getroot())
    assert [suite.get("name") for suite in suites] == ["sends", "fails"]
    assert (first.results / "report.html").stat().st_size > 0
    docker("image", "rm", "syntheticnet:minimal")
    second = job(workspace, "sends.yaml")
    assert second.run(STEPS) == 0, second.printed
    assert second.outputs == {"key": first.outputs["key"], "verdict": "passed"}
    assert not any("building" in text for text in second.printed)
    assert leftovers(LAB) == []


def test_inconclusive(workspace: Path) -> None:
    """It fails the job with status 3, or only warns."""
    failing = job(workspace, "unsure.yaml")
    assert failing.run(STEPS) == 3
    assert failing.outputs["verdict"] == "inconclusive"
    warning = job(workspace, "unsure.yaml", inconclusive="warn")
    assert warning.run(STEPS) == 0
    assert warning.outputs["verdict"] == "inconclusive"
    assert any("::warning::" in text for text in warning.printed)
    assert leftovers(LAB) == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"inconclusive": "ignore"}, "::error::inconclusive: 'ignore': fail or warn"),
        ({"images": "syntheticnet $(touch evil)"}, "no bundled image '$(touch'"),
        ({"options": "--var X=1; touch evil"}, ""),
    ],
)
def test_wrong_inputs(workspace: Path, given: dict[str, str], shown: str) -> None:
    """They end with status 2, and a shell never runs them."""
    wrong = job(workspace, "sends.yaml", **given)
    assert wrong.run(STEPS, cached=True) == 2
    assert shown in "".join(wrong.printed)
    assert not list(workspace.rglob("evil"))
