"""Running programs in containers."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from synthlab.engine import exec
from synthlab.engine.swarm_engine import SwarmEngine as Engine
from synthlab.errors import SynthlabError
from synthlab.testing import fake_container

GUEST = Path(exec.__file__).parent / "guest"
CLIENT = fake_container("call", "client1")


def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The source is an argument, so that stdin is free for the program; it runs like the application."""
    commands: list[list[str]] = []
    monkeypatch.setattr(exec, "start", lambda run: commands.append(run[1:]))
    engine = Engine()
    source = (GUEST / "capture.py").read_text()
    run = ["exec", "-i", "--user", "0", "call/client1"]
    python = ["/opt/synthlab/bin/python", "-I", "-c", source]
    engine.start_program(CLIENT, "capture", ("ring", 3), user="root")
    entry = [exec.PYTHON, "-I", "-m", "syntheticnet.supervisor.application"]
    engine.start_program(CLIENT, "capture", python="/usr/bin/python3")
    assert commands == [[*run, *python, "ring", "3"], [*run, *entry, "/usr/bin/python3", "-I", "-c", source]]


@pytest.mark.parametrize("program", sorted(file.stem for file in GUEST.glob("[!_]*.py")))
def test_a_program_fits_into_an_argument(program: str) -> None:
    """The kernel takes no argument of more than 128 KiB (MAX_ARG_STRLEN)."""
    assert max(len(word.encode()) for word in exec.sidecar_arguments(CLIENT, program)) < 1 << 17


def test_no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the docker command, the error is one line."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SynthlabError, match="docker cannot be run: No such file"):
        Engine().start_program(CLIENT, "capture")


def started(program: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdout
    assert process.stdout.readline() == b"begun\n"
    return process


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; sys.exit('first\\nno picture')", "no picture"),
        ("import os; os._exit(3)", "it ended with status 3"),
        ("import time; time.sleep(60)", r"no answer within 0\.5 s"),
    ],
)
def test_output_of_one_that_fails(program: str, told: str) -> None:
    """The last line of its errors is told, or its status, or that it took too long; it is gone then."""
    process = started(f"print('begun', flush=True); {program}")
    with pytest.raises(SynthlabError, match=f"^{told}$"):
        exec.output_of(process, 0.5)
    assert process.returncode


def test_output() -> None:
    """All that it writes, and not a word of its errors."""
    process = exec.start([sys.executable, "-c", "import sys; print('ä'); print('x', file=sys.stderr)"])
    assert exec.output_of(process, 10) == "ä\n"


def test_end_lets_it_end_by_itself() -> None:
    """A program that exits at end of input has its own exit status."""
    process = started("import sys; print('begun', flush=True); sys.stdin.read(); sys.exit(7)")
    exec.end(process)
    assert process.returncode == 7
    assert isinstance(process.stdout, io.BufferedReader)
    assert process.stdout.closed


def test_end_waits_no_longer_than_its_patience() -> None:
    """One that does not exit is killed."""
    process = started("import time; print('begun', flush=True); time.sleep(60)")
    exec.end(process, patience_s=0.1)
    assert process.returncode == -9
