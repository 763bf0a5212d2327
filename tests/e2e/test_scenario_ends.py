"""How scenarios end on a real lab of two light clients: by failure, by a signal, or after bringing the lab up."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthlab import SynthlabError

from .labs import SYNTHLAB, docker, heeding_interrupts, synthlab, until
from .leftovers import leftovers
from .pair import STACK, Pair
from .scenario_lab import LAB, egress, played_lab, run, scenario

pytestmark = pytest.mark.docker


REVERT_S = 10.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The stack file of the running lab."""
    with played_lab(tmp_path_factory.mktemp("scenario")) as stack:
        yield stack


def test_a_container_that_cannot_answer(lab: Path) -> None:
    """A paused client reports no data, which fails; it continues at the end."""
    steps = "  - wait: 2s\n  - pause: client2\n  - wait: 4s\n  - never: client2.egress.loss > 5%\n    for: 2s\n"
    record = run(lab, steps, status=None)
    assert "no data after" in record["judged"][0]["reason"]
    assert docker("inspect", "-f", "{{.State.Status}}", Pair(LAB).container("client2")).strip() == "running"
    assert egress() == {}


@pytest.mark.parametrize(
    ("number", "most_s", "status"),
    [(signal.SIGINT, 5.0, 130), (signal.SIGTERM, 5.0, 143), (signal.SIGKILL, REVERT_S, -signal.SIGKILL)],
)
def test_ended_from_outside(lab: Path, number: signal.Signals, most_s: float, status: int) -> None:
    """Ctrl-C and SIGTERM revert conditions at once; after kill -9 they expire within ten seconds."""
    file = scenario(lab, "  - {set: client2, egress: {loss: 100%}}\n  - wait: 60s\n")
    command = [SYNTHLAB, "scenario", "run", file, "--lab", LAB, "--evidence", str(lab.with_name("evidence"))]
    with subprocess.Popen(heeding_interrupts(command), stderr=subprocess.DEVNULL, start_new_session=True) as playing:
        deadline = time.monotonic() + 20
        while egress() != {"loss": "100%"}:
            assert time.monotonic() < deadline
        os.killpg(playing.pid, number)
        killed = time.monotonic()
        playing.wait(10)
        assert playing.returncode == status
        assert time.monotonic() - killed < most_s
        while egress() != {}:
            assert time.monotonic() - killed < most_s + 1.0
        print(f"{number.name}: reverted after {time.monotonic() - killed:.2f} s")


@pytest.mark.issue(10)
@pytest.mark.soak
@pytest.mark.parametrize(
    ("action", "number", "most_s"),
    [
        ("pause", signal.SIGKILL, REVERT_S),
        ("stop", signal.SIGKILL, REVERT_S + 5),
        ("pause", signal.SIGSTOP, REVERT_S + 5),
    ],
)
def test_a_pause_is_a_lease(lab: Path, action: str, number: signal.Signals, most_s: float) -> None:
    """A client paused or stopped by a scenario continues if the player is killed or hangs."""
    file = scenario(lab, f"  - {{{action}: client2}}\n  - wait: 60s\n")
    command = [SYNTHLAB, "scenario", "run", file, "--lab", LAB, "--evidence", str(lab.with_name("evidence"))]
    with subprocess.Popen(command, start_new_session=True) as playing:
        until(lambda: _status() == {"pause": "paused", "stop": "exited"}[action])
        time.sleep(0.2)
        os.killpg(playing.pid, number)
        ended = time.monotonic()
        try:
            until(lambda: _status() == "running", most_s)
            print(f"{action}, {number.name}: it went on after {time.monotonic() - ended:.1f} s")
        finally:
            os.killpg(playing.pid, signal.SIGKILL)
    until(_has_no_leases)


def _has_no_leases() -> bool:
    """No client has leases left: those of the dead player have expired. A starting client does not answer yet."""
    try:
        return not any(state["leases"] for state in Pair(LAB).states("client1", "client2").values())
    except SynthlabError:
        return False


def _status() -> str:
    return docker("inspect", "-f", "{{.State.Status}}", Pair(LAB).container("client2")).strip()


def test_a_lab_of_its_own(lab: Path) -> None:
    """A lab that is not up is brought up for the scenario and removed afterwards; if killed, the lab expires."""
    own = f"{LAB}-own"
    file = lab.with_name("own.yaml")
    file.write_text(STACK.format(name=own, ip="ipv4"))
    mine = lab.with_name("own-scenario.yaml")
    mine.write_text("stack: own.yaml\nsteps:\n  - wait: 1s\n")
    result = synthlab("scenario", "run", str(mine), "--evidence", str(lab.with_name("evidence")), status=None)
    took = re.search(r"own-scenario, ([0-9.]+) s$", result.stderr.splitlines()[-1])
    assert took
    assert 1.0 <= float(took[1]) < 3.0
    assert leftovers(own) == []
