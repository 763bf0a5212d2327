"""Video that freezes or disappears for a while: the lab's report against the frames the page showed."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Error, Playwright, sync_playwright

from .frames import Frames
from .labs import SYNTHLAB, lab_up, synthlab

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.issue(10), pytest.mark.timeout(600)]

LAB = "e2e-gaps"
TURNS = range(20)
STACK = """\
name: e2e-gaps
sfu: {app: janus, version: "1.1.2"}
clients:
  alice: {app: chrome}
  bob: {app: chrome}
"""
FPS = "alice.video.bob.fps"
BEFORE = f"""\
stack: stack.yaml
steps:
  - {{expect: "{FPS} >= 10", within: 60s, for: 3s}}
  - baseline: 3s
"""
EXPECTED = f"""\
  - {{at: 0s, never: "{FPS} < 8", for: 6s, mark: never}}
  - {{at: 0s, never: "growth(alice.video.bob.freezes, 3s) >= 1", for: 6s, mark: freezes}}
  - {{at: 0s, recovers: "{FPS} >= 50% of before", within: 60s, for: 3s, mark: recovers}}
"""
SHOWN_LATE_S = 0.15
"""A frame is shown at most this long after it was decoded."""
GAP_S = 0.5
"""The video is gone if no frame is shown for this long."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("gaps")
    (folder / "stack.yaml").write_text(STACK)
    with lab_up(LAB, folder / "stack.yaml", "--wait-media"):
        yield folder


@pytest.fixture(params=TURNS)
def turn(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def frames(playwright: Playwright, folder: Path) -> Iterator[Frames]:
    assert folder
    frames = Frames(playwright, "alice", LAB)
    yield frames
    frames.close()


@dataclass
class PageParameter:
    """One run: the result of each expectation by its mark, and the run's start on the wall clock."""

    zero_s: float
    judged: dict[str, dict[str, Any]]

    def interval_s(self) -> tuple[float, float]:
        """The earliest and latest time of recovery."""
        one = self.judged["recovers"]
        assert one["verdict"] == "passed", one["reason"]
        until_s = self.zero_s + one["asked_s"] + one["took_s"]
        return until_s - one["error_s"], until_s


def run(folder: Path, steps: str, frames: Frames | None, act: Callable[[], object] | None = None) -> PageParameter:
    """Play it until it has a baseline; on a busy machine a value may be missing from the baseline."""
    for _ in range(3):
        result = _play(folder, steps, frames, act)
        if "no data: before." not in result.judged["recovers"]["reason"]:
            break
    return result


def _play(folder: Path, steps: str, frames: Frames | None, act: Callable[[], object] | None) -> PageParameter:
    """Play it once and collect the shown frames; `act` runs soon after the expectations start."""
    (folder / "gap.yaml").write_text(BEFORE + EXPECTED + steps)
    command = [SYNTHLAB, "scenario", "run", "gap.yaml", "--lab", LAB, "--json", "--keep-going", "--evidence", "kept"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as playing:
        assert playing.stdout
        assert playing.stderr
        result, lines = list[str](), list[str]()
        readers = [
            Thread(target=lambda: result.append(playing.stdout.read())),  # type: ignore[union-attr]
            Thread(target=lambda: lines.extend(playing.stderr)),  # type: ignore[arg-type]
        ]
        for reader in readers:
            reader.start()
        while playing.poll() is None:
            if act and any("  # never" in line for line in lines):
                time.sleep(0.3)
                act()
                act = None
            if frames:
                frames.collect()
            time.sleep(0.02)
        for reader in readers:
            reader.join()
    assert result[0], "".join(lines)
    (record,) = json.loads(result[0])["records"]
    zero_s = datetime.fromisoformat(record["started"]).timestamp()
    return PageParameter(zero_s, {one["mark"]: one for one in record["judged"] if one["mark"]})


def check(expected: PageParameter, frames: Frames) -> None:
    """`never` failed, and the video recovered between the two reported times.

    Compared with the last gap in the shown frames that started before the reported recovery.
    """
    least_s, most_s = expected.interval_s()
    asked_s = expected.zero_s + expected.judged["recovers"]["asked_s"]
    stopped_s, back_s = [gap for gap in frames.gaps(GAP_S) if asked_s < gap[1] and gap[0] < most_s][-1]
    print(
        f"no frame from {stopped_s - asked_s:.2f} to {back_s - asked_s:.2f} s; "
        f"recovered between {least_s - asked_s:.2f} and {most_s - asked_s:.2f} s; "
        f"never: {expected.judged['never']['reason']}; {expected.judged['freezes']['reason']}"
    )
    assert expected.judged["never"]["verdict"] == "failed", expected.judged["never"]["reason"]
    assert expected.judged["freezes"]["verdict"] == "failed", expected.judged["freezes"]["reason"]
    assert least_s - SHOWN_LATE_S <= back_s <= most_s + SHOWN_LATE_S


@pytest.mark.usefixtures("turn")
@pytest.mark.parametrize(
    "steps",
    [
        "  - {at: 0.5s, restart: sfu}\n",
        "  - {at: 0.5s, link: down, on: alice, for: 2s}\n",
        "  - {at: 0.5s, set: bob, egress: {loss: 100%}, for: 1500ms}\n",
        "  - {at: 0.5s, pause: alice}\n  - {at: 2.5s, unpause: alice}\n",
    ],
    ids=["media server", "outage", "loss", "pause"],
)
def test_gap(steps: str, folder: Path, frames: Frames) -> None:
    """A restarted media server, a link outage, packet loss, a paused client."""
    check(run(folder, steps, frames), frames)


@pytest.mark.usefixtures("turn")
def test_a_reloaded_page(folder: Path, frames: Frames) -> None:
    """The viewer rejoins after a moment, with new tracks."""
    check(run(folder, "", frames, lambda: frames.page.reload(wait_until="commit")), frames)


@pytest.mark.usefixtures("turn")
def test_a_crashed_tab(folder: Path, playwright: Playwright) -> None:
    """The client stops reporting stats: `never` fails, with no data or because the rate falls first."""
    frames = Frames(playwright, "alice", LAB)
    crashed_s: list[float] = []

    def crash() -> None:
        crashed_s.append(time.time())
        try:
            frames.page.goto("chrome://crash", timeout=1000)
        except Error:
            return

    try:
        result = run(folder, "", None, crash)
        never, zero_s = result.judged["never"], result.zero_s
        assert never["reason"].startswith(("no data after", "it held after")), never["reason"]
        assert crashed_s[0] < zero_s + never["decided_s"] < crashed_s[0] + 2.5
        assert result.judged["recovers"]["verdict"] != "passed"
    finally:
        synthlab("restart", "alice", "--lab", LAB)
