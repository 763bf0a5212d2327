"""Runs of a scenario on two engines: this machine's, and a second one that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from synthlab.contract import BASE

from .far import context, ssh
from .labs import SYNTHLAB, docker, heeding_interrupts, synthlab, until
from .leftovers import leftovers
from .second_engine import SecondEngine, second_engine

pytestmark = [pytest.mark.docker, pytest.mark.issue(14), pytest.mark.timeout(300)]

LAB = "e2e-engines"
HERE = "unix:///var/run/docker.sock"
STACK = f"""\
name: {LAB}
clients:
  client1: {{image: syntheticnet, command: sleep 3000}}
  client2: {{image: syntheticnet, command: sleep 3000}}
"""
SHORT = """\
  - {set: client2, egress: {loss: 10%}, for: 1s}
  - {expect: client2.egress.queued < 100, within: 5s}
"""
LONG = "  - wait: 60s\n"


@pytest.fixture(scope="module")
def engine() -> Iterator[SecondEngine]:
    synthlab("images", "build", "syntheticnet")
    with second_engine(BASE, "syntheticnet:latest", name=LAB) as engine:
        yield engine


class Sharing:
    """A `scenario run` on both engines; `there` is the name of the second."""

    def __init__(
        self,
        folder: Path,
        steps: str,
        environment: dict[str, str],
        there: str,
        *options: str,
        image: str = "syntheticnet",
    ) -> None:
        (folder / "pair.yaml").write_text(STACK.replace("syntheticnet", image))
        (folder / "short.yaml").write_text(f"stack: pair.yaml\nseed: 7\nsteps:\n{steps}")
        arguments = ["scenario", "run", "short.yaml", "--engines", f"{HERE},{there}", "--json", *options]
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                heeding_interrupts([SYNTHLAB, *arguments]),
                cwd=folder,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def log(self) -> str:
        return self._log.read_text()

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self, status: int) -> list[dict[str, Any]]:
        """The records, once it has ended with this status."""
        output, _ = self._process.communicate(timeout=200)
        assert self._process.returncode == status, self.log()
        return list(json.loads(output)["records"]) if output else []


def named(record: dict[str, Any]) -> str:
    return str(record["facts"]["engine name"])


def assert_nothing_is_left(engine: SecondEngine) -> None:
    assert leftovers(LAB) == []
    assert engine.machine.run("docker", "ps", "--all", "--quiet").stdout == ""
    assert engine.machine.run("docker", "network", "ls", "-q", "--filter", "label=synthlab.lab").stdout == ""


@pytest.mark.parametrize(
    ("way", "there", "runs"),
    [(context, "far", 4), pytest.param(ssh, "ssh://somebody@far.example", 10, marks=pytest.mark.soak)],
)
def test_two_engines_share_the_runs(
    way: Callable[[Path, str], dict[str, str]], there: str, runs: int, engine: SecondEngine, tmp_path: Path
) -> None:
    """Each plays at least one. Every run has its seed and names its engine; nothing is left on either."""
    options = ["--junit", "results.xml", "--report", "page.html", "--retry-inconclusive", "2"]
    environment = way(tmp_path, engine.address)
    sharing = Sharing(tmp_path, SHORT, environment, there, "--repeat", str(runs), *options)
    records = sharing.ended(0)
    assert [record["seed"] for record in records] == list(range(7, 7 + runs))
    assert {record["verdict"] for record in records} == {"passed"}
    counts = Counter(map(named, records))
    assert counts.keys() == {HERE, there}
    print(f"runs per engine: {dict(counts)}")
    lines = sharing.log().splitlines()
    summary = lines[lines.index(f"{runs} passed") :]
    assert summary[1] == "runs per engine: " + ", ".join(f"{name} {count}" for name, count in counts.items())
    assert summary[2] == f"{runs} runs of short: median (min to max)"
    properties = ElementTree.parse(tmp_path / "results.xml").iter("property")
    assert [one.get("value") for one in properties if one.get("name") == "engine name"] == list(map(named, records))
    assert "<th>engine" in (tmp_path / "page.html").read_text()
    assert_nothing_is_left(engine)


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGINT, "wait 60s"),
        (signal.SIGTERM, "wait 60s"),
        (signal.SIGINT, "containers: 0/2 started"),
    ],
)
@pytest.mark.soak
def test_ended_from_outside(number: signal.Signals, moment: str, engine: SecondEngine, tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM end the runs on both engines, and leave nothing behind on either."""
    sharing = Sharing(tmp_path, LONG, {}, engine.address, "--repeat", "4")
    until(lambda: sharing.log().count(moment) == 2)
    sharing.send(number)
    sharing.ended(128 + number)
    assert_nothing_is_left(engine)


@pytest.mark.soak
def test_killed(engine: SecondEngine, tmp_path: Path) -> None:
    """After kill -9 the runs end, too, and remove their labs."""
    sharing = Sharing(tmp_path, LONG, {}, engine.address, "--repeat", "4")
    until(lambda: sharing.log().count("wait 60s") == 2)
    sharing.send(signal.SIGKILL)
    sharing.ended(-signal.SIGKILL)
    until(lambda: leftovers(LAB) == [] and not engine.machine.run("docker", "ps", "--all", "--quiet").stdout)
    assert_nothing_is_left(engine)


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_engine_is_lost(number: signal.Signals, engine: SecondEngine, tmp_path: Path) -> None:
    """Its run is inconclusive and names it; all later runs are played on the other engine."""
    steps = "  - wait: 5s\n"
    sharing = Sharing(tmp_path, steps, {}, engine.address, "--repeat", "5")
    until(lambda: sharing.log().count("wait 5s") == 2)
    engine.end(number)
    try:
        records = sharing.ended(3)
    finally:
        engine.start()
        engine.machine.synthlab("down", "--all", status=None)
    assert [record["seed"] for record in records] == list(range(7, 12))
    (lost,) = [record for record in records if named(record) == engine.address]
    assert lost["verdict"] == "inconclusive"
    assert lost["reasons"][0].startswith(f"the engine was lost: {engine.address}: ")
    others = [record for record in records if record is not lost]
    assert {named(record) for record in others} == {HERE}
    # Others' work on this machine may make a run inconclusive, but it was played.
    assert [record["reasons"] for record in others if not record["steps"] or record["verdict"] == "failed"] == []
    assert f"{engine.address} gets no more runs: the engine was lost: " in sharing.log()
    assert_nothing_is_left(engine)


@pytest.mark.soak
def test_both_names_of_one_engine(engine: SecondEngine, tmp_path: Path) -> None:
    """They are refused before anything starts."""
    environment = context(tmp_path, engine.address)
    sharing = Sharing(tmp_path, SHORT, environment, f"far,{engine.address}", "--repeat", "4")
    sharing.ended(2)
    assert sharing.log() == f"synthlab: --engines: far and {engine.address} are the same engine\n"


@pytest.mark.soak
def test_an_image_that_one_engine_lacks(engine: SecondEngine, tmp_path: Path) -> None:
    """It is reported for that engine, in place of a run that fails there; no run begins on the other."""
    image = f"{LAB}:1"
    docker("tag", "syntheticnet:latest", image)
    try:
        sharing = Sharing(tmp_path, SHORT, {}, engine.address, "--repeat", "4", image=image)
        sharing.ended(3)
    finally:
        docker("rmi", image)
    errors = [line for line in sharing.log().splitlines() if line.startswith("synthlab: ")]
    assert errors == [f"synthlab: {engine.address}: the image {image} is not on the engine and cannot be pulled"]
    assert "seed 7" not in sharing.log()


@pytest.mark.soak
@pytest.mark.issue(16)
def test_a_sweep(engine: SecondEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its runs are shared, those of a value of the stack, too; the same command has nothing left to play."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pair.yaml").write_text(STACK)
    steps = SHORT.replace("10%", "'${LOSS}'")
    (tmp_path / "short.yaml").write_text(f"stack: pair.yaml\nvars: {{LOSS: 1%}}\nsteps:\n{steps}")
    matrix = ["--matrix", "LOSS=1%,5%", "--matrix", "clients.client2.network.egress.latency=10ms,20ms"]
    shared = ["--engines", f"{HERE},{engine.address}", "--retry-inconclusive", "2", "--json"]
    command = ["scenario", "sweep", "short.yaml", *matrix, *shared]
    shown = json.loads(synthlab(*command).stdout)
    assert [(one["passed"], one["failed"]) for one in shown["cells"]] == [(1, 0)] * 4
    assert "4 of 4 runs are in short.sweep.sqlite already" in synthlab(*command).stderr
    assert_nothing_is_left(engine)
