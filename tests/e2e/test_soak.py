"""Tests too long for `make test`: `make soak` plays the call's scenarios repeatedly.

Figures are printed (`pytest -s`), and every run leaves its report in SYNTHLAB_SOAK_FOLDER, if set.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from synthlab.scenario import scenario_files

from .busy import busy
from .labs import SYNTHLAB
from .leftovers import leftovers
from .pair import pair_up

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.timeout(3600)]

DOG = "dog-chews-fiber"
TIMES = int(os.environ.get("SYNTHLAB_SOAK_TIMES") or 20)
MOST_BAD = 1
TRACE_S, OFFERED_BPS, MTU_BYTES = 180, 12_000_000, 1500
MOST_OFF = 0.05
PORT, LAB = 7000, "e2e-soak"
HEADERS = 14 + 20 + 8
# Makes `set` a no-op: clients get an empty change.
NO_OP = """\
import sys
from synthlab.cli.main import main
from synthlab.control.client_api import HttpClientApi
change = HttpClientApi.change
HttpClientApi.change = lambda self, request, options: change(self, {}, options)
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder for reports."""
    kept = os.environ.get("SYNTHLAB_SOAK_FOLDER")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
    return Path(kept) if kept else tmp_path


def run(
    folder: Path, name: str, scenario: str, *options: str, status: int | None, program: tuple[str, ...] = (SYNTHLAB,)
) -> list[dict[str, Any]]:
    """Play a scenario and return its records. Report and JUnit stay in the folder, under this `name`."""
    outputs = ["--report", str(folder / f"{name}.html"), "--junit", str(folder / f"{name}.xml"), "--json"]
    command = [*program, "scenario", "run", scenario, *outputs, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (folder / f"{name}.txt").write_text(done.stderr)
    (folder / f"{name}.json").write_text(done.stdout)
    records: list[dict[str, Any]] = json.loads(done.stdout)["records"]
    for record in records:
        print(f"{name}: {record['verdict']} in {record['duration_s']:.0f} s; {'; '.join(record['reasons'])}")
    assert status in (None, done.returncode), done.stderr
    assert leftovers("call") == []
    return records


def test_the_dog_again_and_again(folder: Path) -> None:
    """The dog scenario passes every time; one run may differ, with a reported reason."""
    records = run(folder, DOG, DOG, "--repeat", str(TIMES), status=None)
    recovered = [record["judged"][2]["took_s"] for record in records if record["verdict"] == "passed"]
    print(f"recovered after s: {', '.join(f'{took:.1f}' for took in sorted(recovered))}")
    assert len(records) == TIMES
    assert TIMES - len(recovered) <= MOST_BAD
    assert all(record["reasons"] for record in records if record["verdict"] != "passed")


def changed(tmp_path: Path, old: str, new: str) -> str:
    """The dog scenario with text replaced."""
    text = scenario_files()[f"{DOG}.yaml"].read_text()
    assert old in text
    file = tmp_path / f"{DOG}.yaml"
    file.write_text(text.replace(old, new))
    return str(file)


def test_it_fails_when_it_must_be_quick(folder: Path, tmp_path: Path) -> None:
    """Nobody recovers within 0.1 s. The evidence includes packets and screenshots."""
    (record,) = run(folder, "quick", changed(tmp_path, "within: 15s", "within: 0.1s"), status=1)
    assert "recovers" in record["reasons"][0]
    assert "not within 0.1s" in record["reasons"][0]
    kept = [folder / path for path in record["evidence"].values()]
    assert {file.name for file in kept} >= {"client2.pcapng", "client1-1.png", "client2-1.png", "stats.json"}
    assert all(file.stat().st_size > 0 for file in kept if file.suffix in (".pcapng", ".png", ".json"))


def test_it_fails_if_the_link_is_not_restored(folder: Path, tmp_path: Path) -> None:
    """A call whose link is not restored does not recover."""
    (record,) = run(folder, "unmended", changed(tmp_path, "    for: 10s\n", ""), status=1)
    assert any(
        "client1.video.client2.kbps >= 50% of before within 15s: not within 15s" in why for why in record["reasons"]
    )


def test_it_fails_when_client2_is_not_there(folder: Path, tmp_path: Path) -> None:
    """For a client outside the call there is no data."""
    stack = tmp_path / "absent.yaml"
    stack.write_text(
        "name: call\nsfu: {app: janus}\nclients:\n  client1: {app: chrome}\n"
        "  client2: {app: chrome, url: 'about:blank'}\n  bot: {app: bot, count: 2}\n"
    )
    (record,) = run(folder, "absent", DOG, "--stack", str(stack), status=1)
    assert record["reasons"][0].endswith("not within 30s: no data: client1.video.client2.fps")


def test_it_fails_when_set_does_nothing(folder: Path) -> None:
    """Without a change of conditions the video stays as it was."""
    (record,) = run(folder, "no-op", DOG, status=1, program=(sys.executable, "-c", NO_OP))
    assert "client1.video.client2.kbps < 50% of before" in record["reasons"][0]


def test_it_is_inconclusive_when_the_machine_is_busy(folder: Path) -> None:
    """With a busy loop on every processor the verdict is inconclusive."""
    with busy():
        (record,) = run(folder, "busy", DOG, status=3)
    assert record["verdict"] == "inconclusive"


@pytest.mark.parametrize("name", [name.removesuffix(".yaml") for name in scenario_files() if DOG not in name])
def test_bundled(name: str, folder: Path) -> None:
    """Each bundled scenario passes."""
    run(folder, name, name, status=0)


def test_a_trace_of_three_minutes(folder: Path, tmp_path: Path) -> None:
    """A rate trace passes as much in each second as it has opportunities."""
    draw = random.Random(5)
    bytes_each = [draw.uniform(0.5e6, 8e6) / 8 for _ in range(TRACE_S)]
    counts = [round(octets / MTU_BYTES) for octets in bytes_each]
    times = [second * 1000 + number * 1000 // count for second, count in enumerate(counts) for number in range(count)]
    (tmp_path / "rate.trace").write_text("".join(f"{ms + 1}\n" for ms in times) + f"{TRACE_S * 1000}\n")
    (tmp_path / "trace.yaml").write_text(
        f"stack: pair.yaml\nsteps:\n  - {{after: 1s, trace: client2, egress: rate.trace, for: {TRACE_S}s}}\n"
    )
    with pair_up(LAB, tmp_path) as pair:
        receiver = pair.traffic("client1", "bins", PORT, TRACE_S + 20, script="stamps.py").ready()
        flood = (pair.address("client1"), PORT, TRACE_S + 15, OFFERED_BPS)
        sender = pair.traffic("client2", "flood", *flood, script="stamps.py")
        (record,) = run(folder, "trace", str(tmp_path / "trace.yaml"), "--lab", LAB, status=0)
        sender.result()
        bins = {number: packets * HEADERS + octets for number, packets, octets in receiver.result()["bins"]}
    zero = datetime.fromisoformat(record["started"]).timestamp() + record["steps"][0]["began_s"]
    first = round(zero * 1000)
    came = [sum(bins.get(first + second * 1000 + ms, 0) for ms in range(1000)) for second in range(TRACE_S)]
    off = [got / (count * MTU_BYTES) - 1 for got, count in zip(came, counts, strict=True)]
    print(
        f"off by {min(off):+.1%} to {max(off):+.1%} in a second, {sum(came) / sum(counts) / MTU_BYTES - 1:+.2%} in all"
    )
    # The queue filled before the trace starts drains in its first second.
    assert max(abs(each) for each in off[1:]) <= MOST_OFF
