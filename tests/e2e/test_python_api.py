"""A real lab in Python, and real runs of pytest: client2 sends client1 50 datagrams per second."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthlab import ExpectationFailed, Inconclusive, Lab, SynthlabError
from tests.report.pages import Page
from tests.runner.evidence import pcapng

from .busy import PROCESSORS, busy
from .labs import docker, heeding_interrupts

pytestmark = pytest.mark.docker

STACK = """\
clients:
  client1: {image: syntheticnet, command: sleep 600}
  client2:
    image: syntheticnet
    command:
      - /opt/synthlab/bin/python
      - -c
      - |
        import socket, time
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while True:
            try:
                sender.sendto(b"x" * 100, ("client1", 5000))
            except OSError:
                pass
            time.sleep(0.02)
"""
LAB = "e2e-python"
PAYLOAD = 100 + 8 + 20 + 14
RATE = f"{0.5 * 50 * PAYLOAD * 8:.0f}bit"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("python") / "light.yaml"
    file.write_text(STACK)
    return file


@pytest.fixture(scope="module")
def real(stack: Path) -> Iterator[Lab]:
    with Lab.up(stack, LAB, ttl="10min") as lab:
        yield lab
    assert LAB not in containers()


@pytest.fixture
def lab(real: Lab) -> Iterator[Lab]:
    yield real
    real.restore()


def containers() -> str:
    return docker("ps", "--all", "--format", "{{.Names}}")


def test_a_change_is_measured_and_reverted(lab: Lab) -> None:
    """The achieved rate falls with the configured one, and recovers at the end of `with`."""
    client = lab["client2"]
    client.expect(f"egress.rate > {RATE}", within="10s")
    with client.set(egress={"rate": "10kbit", "queue": "5p"}):
        fallen = client.expect("egress.rate < 12kbit", within="10s")
    assert fallen.took_s is not None
    assert fallen.took_s < 6
    assert client.recovers(f"egress.rate > {RATE}", within="10s").took_s is not None
    assert client.state().base.to_dict() == {}


def test_a_lease_expires(lab: Lab) -> None:
    """A change with a duration expires without renewal."""
    lab["client2"].set(egress={"loss": "100%"}, for_="4s")
    lab["client2"].expect("egress.loss > 50%", within="8s")
    lab["client2"].recovers(f"egress.loss < 1% and egress.rate > {RATE}", within="10s")


def test_a_failed_expectation_is_reported(lab: Lab) -> None:
    """The error lists the values that were seen."""
    with pytest.raises(ExpectationFailed, match=r"client2: expect egress\.rate > 20mbit within 1s: not within 1s: "):
        lab["client2"].expect("egress.rate > 20mbit", within="1s")


def test_a_busy_machine(lab: Lab) -> None:
    """With more busy loops than processors, a failed expectation is inconclusive."""
    with (
        busy(2 * PROCESSORS),
        pytest.raises(Inconclusive, match=r"expect egress\.rate > 20mbit within 6s: .* the machine was too busy"),
    ):
        lab["client2"].expect("egress.rate > 20mbit", within="6s")


def test_attached(lab: Lab) -> None:
    """A second Lab of the same containers works too; closing it removes nothing."""
    with Lab.attach(LAB) as other:
        other["client1"].set(latency="5ms")
        assert lab["client1"].state().conditions == other["client1"].state().conditions
        other.expect(f"client2.egress.rate > {RATE}", within="10s")
    assert lab["client1"].state().base.to_dict()["egress"] == {"latency": "5ms"}


def test_containers(lab: Lab) -> None:
    """Commands run like the application; a restarted client is found at its new ports."""
    client = lab["client1"]
    done = client.exec(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")
    with pytest.raises(SynthlabError, match=r"client1: sleep 9 did not end within 0\.5 s"):
        client.exec(["sleep", "9"], timeout="500ms")
    client.set(loss="5%")
    client.restart()
    assert client.state().conditions.perfect
    client.pause()
    with pytest.raises(ExpectationFailed, match=r"no data: client1\.egress\.packets_in"):
        client.expect("egress.packets_in >= 0", for_="6s")
    lab.restore()
    client.expect("egress.packets_in >= 0", within="10s")


TESTS = f"""
import time
from pathlib import Path
import pytest

pytestmark = pytest.mark.lab("light.yaml", name="e2e-plugin")

@pytest.mark.parametrize("turn", range(4))
def test_limited(lab, turn):
    print("in", lab.name)
    assert "egress" not in lab["client2"].state().conditions.to_dict()
    lab["client2"].expect("egress.rate > {RATE}", within="20s")
    lab["client2"].set(egress={{"rate": "10kbit", "queue": "5p"}})
    lab["client2"].expect("egress.rate < 12kbit", within="10s")
    assert turn != 3
"""


def pytest_in(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A run of pytest as from a shell: in its own process group, which receives Ctrl-C."""
    pytest_command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", *arguments]
    command = heeding_interrupts(pytest_command)
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, start_new_session=True
    )


@pytest.mark.soak
def test_a_lab_for_each_worker(stack: Path, tmp_path: Path) -> None:
    """Both workers run at the same time on separate labs; one failure has evidence; nothing is left."""
    (tmp_path / "light.yaml").write_text(stack.read_text())
    (tmp_path / "test_it.py").write_text(TESTS)
    out, _ = pytest_in(tmp_path, "-n", "2", "-rP").communicate(timeout=200)
    assert "1 failed, 3 passed" in out
    labs = {found[0] for found in re.finditer(r"e2e-plugin-[0-9a-f]{4}-gw[01]", out)}
    assert sorted(name[-3:] for name in labs) == ["gw0", "gw1"]
    kept = tmp_path / "synthlab-evidence" / "test_it.py-test_limited-3"
    assert f"evidence in synthlab-evidence/{kept.name}:" in out
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    conditions = json.loads((kept / "conditions.json").read_text())["client2"]["conditions"]
    assert conditions["egress"] == {"rate": "10kbit", "queue": "5p"}
    assert len(pcapng.read((kept / "captures" / "client2.pcapng").read_bytes()).packets) > 50
    assert f"report: synthlab-evidence/{kept.name}/report.html" in out
    page = Page.of((kept / "report.html").read_text())
    assert "✗ failed" in page.text
    assert "client2: expect egress.rate < 12kbit within 10s" in page.text
    assert "set client2: egress rate 10kbit, queue 5p" in page.text
    charts = page.data["data1"]["charts"].values()
    [rate] = [chart for chart in charts if chart.get("client") == "client2" and 10_000 in chart["lines"][0]["values"]]
    configured, achieved = rate["lines"]
    assert configured["look"] == "configured"
    assert max(value for value in achieved["values"] if value is not None) > 12_000  # before the change
    assert "e2e-plugin" not in containers()


@pytest.mark.soak
def test_a_worker_that_is_killed(stack: Path, tmp_path: Path) -> None:
    """The run ends in order and removes its lab."""
    (tmp_path / "light.yaml").write_text(stack.read_text())
    tests = TESTS.replace("assert turn != 3", "os.kill(os.getpid(), signal.SIGKILL)").replace("range(4)", "range(1)")
    (tmp_path / "test_it.py").write_text(f"import os, signal\n{tests}")
    out, _ = pytest_in(tmp_path, "-n", "2").communicate(timeout=200)
    assert "worker 'gw" in out
    assert "1 failed" in out
    assert "e2e-plugin" not in containers()


@pytest.mark.parametrize("workers", [[], pytest.param(["-n", "2"], marks=pytest.mark.soak)])
def test_ctrl_c(workers: list[str], stack: Path, tmp_path: Path) -> None:
    """All labs of the run are taken down, at any point of its tests."""
    (tmp_path / "light.yaml").write_text(stack.read_text())
    (tmp_path / "test_it.py").write_text(TESTS.replace("assert turn != 3", "Path(lab.name).touch(), time.sleep(100)"))
    running = pytest_in(tmp_path, *workers)
    deadline = time.monotonic() + 100
    while len(list(tmp_path.glob("e2e-plugin-*"))) < (2 if workers else 1):
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.2)
    os.killpg(running.pid, signal.SIGINT)
    out, _ = running.communicate(timeout=100)
    assert running.returncode == pytest.ExitCode.INTERRUPTED, out
    assert "e2e-plugin" not in containers()
