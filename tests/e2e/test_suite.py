"""`synthlab test`: somebody's own suite, in a Compose project that knows nothing of synthlab."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .labs import SYNTHLAB, docker, heeding_interrupts, until
from .leftovers import leftovers
from .own_projects import PROJECTS, project_image

pytestmark = [pytest.mark.docker, pytest.mark.issue(13), pytest.mark.timeout(180)]

LAB = "own-suite"
PORT = "18017"
LATENCY_MS = 200
TEST = (SYNTHLAB, "test", "-f", str(PROJECTS / "jobs" / "compose.yaml"), "--lab", LAB)
SLOW = ("--set", f"web:ingress.latency={LATENCY_MS}ms")

PYTEST = f"""\
import os, time, urllib.request

def test_page():
    start = time.monotonic()
    page = urllib.request.urlopen("http://127.0.0.1:{PORT}/", timeout=10).read()
    assert page == b"<h1>ready</h1>\\n"
    assert os.environ["SYNTHLAB_LAB"] == "{LAB}"
    assert time.monotonic() - start >= LEAST
"""
NODE = f"""\
const {{ test }} = require("node:test");
const assert = require("node:assert");
test("page", async () => {{
  const start = Date.now();
  const answer = await fetch("http://127.0.0.1:{PORT}/");
  assert.equal(await answer.text(), "<h1>ready</h1>\\n");
  assert.ok(Date.now() - start >= {2 * LATENCY_MS});
}});
"""


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    project_image()


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Evidence goes to a folder of the test; every lab is gone afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEB_PORT", PORT)
    yield
    subprocess.run([SYNTHLAB, "down", LAB, "--volumes"], capture_output=True, check=False)
    assert leftovers(LAB) == []


def suite(*words: str, settings: tuple[str, ...] = SLOW) -> subprocess.CompletedProcess[str]:
    """Run a suite; the lab must be gone when it has ended."""
    done = subprocess.run([*TEST, *settings, "--", *words], capture_output=True, text=True, timeout=120, check=False)
    assert docker("ps", "--all", "--quiet", "--filter", f"label=synthlab.lab={LAB}") == ""
    return done


def judged(done: subprocess.CompletedProcess[str], status: int) -> None:
    """The suite's status, or 3 with the reason where this machine is too slow."""
    if done.returncode == 3:
        assert "inconclusive: " in done.stderr
        pytest.fail(f"this machine is too slow: {done.stderr}")
    assert done.returncode == status, done.stdout + done.stderr


COMMAND = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_own.py")


@pytest.mark.soak
def test_a_suite_that_passes(tmp_path: Path) -> None:
    """The exit status is 0, and no evidence is kept."""
    (tmp_path / "test_own.py").write_text(PYTEST.replace("LEAST", str(2 * LATENCY_MS / 1000)))
    judged(suite(*COMMAND), 0)
    assert not (tmp_path / "synthlab-evidence").exists()


def test_a_suite_that_fails(tmp_path: Path) -> None:
    """The exit status is the suite's, and evidence is kept."""
    (tmp_path / "test_own.py").write_text(PYTEST.replace("LEAST", "30"))
    done = suite(*COMMAND)
    judged(done, 1)
    for path in ("conditions.json", "captures/web.pcapng", "logs/web.log"):
        assert (tmp_path / "synthlab-evidence" / path).stat().st_size > 0
        assert path in done.stderr


@pytest.mark.soak
def test_node_suite(tmp_path: Path) -> None:
    (tmp_path / "own.test.js").write_text(NODE)
    judged(suite("node", "--test", "own.test.js"), 0)
    judged(suite("node", "--test", "own.test.js", settings=("--impair", "web")), 1)


@pytest.mark.soak
def test_npm_suite(tmp_path: Path) -> None:
    """README's line: `npm test` of a project whose tests are Node's, with a bundled profile."""
    (tmp_path / "package.json").write_text('{"private": true, "scripts": {"test": "node --test"}}')
    (tmp_path / "own.test.js").write_text(NODE)
    judged(suite("npm", "test", settings=("--set", "web=wpt/3g")), 0)
    judged(suite("npm", "test", settings=("--set", "web=wpt/dsl")), 1)


@pytest.mark.soak
def test_a_suite_in_a_service() -> None:
    """It runs in the service's container; its status comes back."""
    connect = "s = time.monotonic(); socket.create_connection(('web', 8000))"
    script = f"import socket, time; {connect}; exit(time.monotonic() - s < {LATENCY_MS / 1000})"
    judged(suite("python3", "-c", script, settings=(*SLOW, "--in", "cache")), 0)
    judged(suite("sh", "-c", "exit 5", settings=(*SLOW, "--in", "cache")), 5)


@pytest.mark.soak
def test_a_suite_that_is_killed() -> None:
    """The status is that of a shell: 128 and the signal."""
    judged(suite("sh", "-c", "kill -9 $$"), 137)


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_suite(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM end the suite, and the lab with it."""
    started = tmp_path / "started"
    command = heeding_interrupts([*TEST, *SLOW, "--", "sh", "-c", f"touch {started}; exec sleep 600"])
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until(started.exists, 60)
    time.sleep(0.5)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert docker("ps", "--all", "--quiet", "--filter", f"label=synthlab.lab={LAB}") == ""
