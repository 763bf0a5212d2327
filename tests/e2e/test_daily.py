"""Daily use on a real engine: commands for single clients, expiry of a lab, and the self-test."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthlab.stack import read_stack

from .labs import SYNTHLAB, lab_up, synthlab
from .leftovers import leftovers

pytestmark = pytest.mark.docker

LAB, SHORT = "e2e-daily", "e2e-short"
STACK = """\
clients:
  client1:
    image: syntheticnet
    command: sh -c 'echo hello from client1; exec sleep 600'
    env: {SYNTHLAB_USER: nobody}
    network: {egress: {latency: 10ms}}
  bot: {image: syntheticnet, count: 2}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The stack file of a running lab of three clients without a browser."""
    stack = tmp_path_factory.mktemp("stack") / "daily.yaml"
    stack.write_text(STACK)
    with lab_up(LAB, stack, "--ttl", "10min"):
        yield stack


def ask(command: str, *arguments: str) -> Any:
    return json.loads(synthlab(command, *arguments, "--json").stdout)


def in_lab(client: str, command: str, status: int = 0) -> str:
    """The output of a shell command that `exec` runs in a client."""
    return synthlab("exec", client, "--lab", LAB, "--", "sh", "-c", command, status=status).stdout


def docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, capture_output=True)


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize(("client", "user", "permitted"), [("client1", "nobody", "0" * 16), ("bot-1", "root", None)])
def test_exec_has_the_rights_of_the_application(client: str, user: str, permitted: str | None) -> None:
    """An ordinary user has no capability, root has all but NET_ADMIN and NET_RAW; like PID 1's own child."""
    words = in_lab(client, "id -un; cat /proc/self/status").split()
    assert words[0] == user
    sets = {name: words[words.index(name) + 1] for name in ("CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:")}
    if permitted:
        assert set(sets.values()) == {permitted}
    assert all(int(value, 16) & (1 << 12 | 1 << 13) == 0 for value in sets.values())


@pytest.mark.usefixtures("lab")
def test_exec_passes_all_through() -> None:
    """Exit status and input are passed through; a missing command exits like in a shell."""
    in_lab("bot-1", "exit 7", status=7)
    assert "cannot start nosuch" in synthlab("exec", "bot-1", "--lab", LAB, "--", "nosuch", status=127).stderr
    command = [SYNTHLAB, "exec", "bot-1", "--lab", LAB, "--", "cat"]
    assert subprocess.run(command, input="through", capture_output=True, text=True, check=True).stdout == "through"
    command = ["script", "-qec", f"{SYNTHLAB} exec bot-1 --lab {LAB} -- sh -c 'tty; exit 5'", "/dev/null"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ("/dev/pts/" in done.stdout, done.returncode) == (True, 5)


@pytest.mark.usefixtures("lab")
def test_logs() -> None:
    """Output of the application, of one client or all, with or without times."""
    assert synthlab("logs", "client1", "--lab", LAB).stdout.splitlines()[0] == "hello from client1"
    assert "client1 | hello from client1" in synthlab("logs", "--lab", LAB).stdout
    line = json.loads(synthlab("logs", "client1", "--tail", "1", "--json", "--lab", LAB).stdout)
    assert (line["writer"], line["text"]) == ("client1", "hello from client1")
    assert synthlab("logs", "client1", "--since", "1ms", "--lab", LAB).stdout == ""
    with subprocess.Popen([SYNTHLAB, "logs", "-f", "--lab", LAB], stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout
        assert following.stdout.readline() == "client1 | hello from client1\n"
        following.terminate()


@pytest.mark.usefixtures("lab")
def test_restart_restores_the_startup_conditions() -> None:
    """A restarted client is healthy again, with its startup conditions, at its new port."""
    synthlab("set", "client1", "--egress", "--latency", "90ms", "--lab", LAB)
    (row,) = ask("restart", "client1", "--lab", LAB)
    assert (row["client"], row["health"]) == ("client1", "healthy")
    assert ask("show", "client1", "--lab", LAB)["client1"]["conditions"]["egress"] == {"latency": "10ms"}
    assert synthlab("open", "client1", "--print", "--lab", LAB).stdout == f"{row['api']}/\n"


@pytest.mark.usefixtures("lab")
def test_top() -> None:
    """One line per sample, with the configured values and the forwarder's work since the last."""
    lines = synthlab("top", "--json", "--count", "2", "--interval", "0.5", "--lab", LAB).stdout.splitlines()
    first, second = (json.loads(line)["clients"] for line in lines)
    assert list(first) == ["client1", "bot-1", "bot-2"]
    assert first["client1"]["egress"]["configured"] == {"latency": "10ms"}
    assert first["client1"]["forwarder_cpu"] is None
    assert 0 <= second["client1"]["forwarder_cpu"] < 1
    table = synthlab("top", "--count", "1", "--lab", LAB).stdout.splitlines()
    assert (len(table), table[0].split()[:3]) == (7, ["client", "link", "rate"])


@pytest.mark.usefixtures("lab")
def test_ls_and_what_is_left_of_a_stopped_lab() -> None:
    """After its containers exit, as when the engine restarts, a lab is listed as stopped, and works after `restart`.

    (The engine is shared with other users, so this test does not restart it.)
    """
    (row,) = [one for one in ask("ls") if one["lab"] == LAB]
    assert (row["state"], row["clients"], row["running"]) == ("up", 3, 3)
    assert 0 < row["left_s"] < 600
    containers = [f"synthlab-{LAB}-{name}-1" for name in ("client1", "bot-1", "bot-2")]
    docker("stop", "-t", "0", *containers[:1])
    assert [one["state"] for one in ask("ls") if one["lab"] == LAB] == ["broken"]
    docker("stop", "-t", "0", *containers[1:])
    assert [one["state"] for one in ask("ls") if one["lab"] == LAB] == ["stopped"]
    assert {one["state"] for one in ask("ps", "--lab", LAB)} == {"exited"}
    assert "its container is not running" in synthlab("show", "--lab", LAB, status=3).stderr
    synthlab("restart", "client1", "bot", "--lab", LAB)
    assert [one["state"] for one in ask("ls") if one["lab"] == LAB] == ["up"]


@pytest.mark.usefixtures("lab")
def test_versions_differ(tmp_path: Path) -> None:
    """A client whose image has another version is reported in one line, with the fix."""
    dockerfile = (
        "FROM syntheticnet\nRUN echo 'VERSION = \"0.0.9\"' > {0}/version.py && rm -rf {0}/__pycache__/version.*\n"
    )
    folder = "/opt/synthlab/lib/python3.11/site-packages/syntheticnet"
    (tmp_path / "Dockerfile").write_text(dockerfile.format(folder))
    (tmp_path / "old.yaml").write_text("clients: {old: {build: .}}")
    result = synthlab("up", str(tmp_path / "old.yaml"), "--lab", SHORT).stderr.splitlines()[-1]
    try:
        assert result.startswith("versions differ: old runs 0.0.9, this is synthlab ")
        assert "versions differ" in synthlab("show", "--lab", SHORT).stderr
        assert synthlab("show", "--lab", LAB).stderr == ""
    finally:
        synthlab("down", "--lab", SHORT)
        docker("rmi", read_stack(str(tmp_path / "old.yaml")).clients[0].image)


def test_an_expired_lab(lab: Path) -> None:
    """An expired lab does not run, is listed as expired, does not affect other labs, and is removed by `up`."""
    synthlab("up", str(lab), "--lab", SHORT, "--ttl", "12s")
    deadline = time.monotonic() + 60
    while any(row["state"] == "running" for row in ask("ps", "--lab", SHORT)):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert all(row["expired"] for row in ask("ps", "--lab", SHORT))
    assert [one["state"] for one in ask("ls") if one["lab"] == SHORT] == ["expired"]
    assert "the lab 'e2e-short' has expired" in synthlab("show", "--lab", SHORT, status=3).stderr
    assert "the lab has expired" in synthlab("logs", "client1", "--lab", SHORT).stdout
    assert f"{SHORT} had expired and was removed" in synthlab("up", str(lab), "--lab", SHORT).stderr
    docker("stop", "-t", "0", f"synthlab-{SHORT}-bot-1-1")
    assert synthlab("down", "--lab", SHORT).stdout == f"{SHORT} is down: 3 containers removed\n"
    assert leftovers(SHORT) == []


def test_selftest() -> None:
    """On a working machine every value is within its tolerance."""
    checks = json.loads(synthlab("selftest", "--json").stdout)
    assert [check["value"] for check in checks] == ["latency, none", "latency", "loss", "rate"]
    assert all(check["ok"] for check in checks)
    assert leftovers("selftest") == []
