"""Running programs in containers."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from synthlab.engine import exec as inside
from synthlab.errors import SynthlabError

GUEST = Path(inside.__file__).parent / "guest"


def test_the_command() -> None:
    """The source is an argument, so that stdin is free for the program; it runs like the application."""
    source = (GUEST / "capture.py").read_text()
    run = ["docker", "exec", "--interactive", "--user", "0", "c1"]
    python = ["/opt/synthlab/bin/python", "-I", "-c", source]
    assert inside.command("c1", "capture", ("ring", 3), user="root") == [*run, *python, "ring", "3"]
    entry = [inside.PYTHON, "-I", "-m", "syntheticnet.supervisor.application"]
    assert inside.command("c1", "capture", python="/usr/bin/python3")[:10] == [*run, *entry]


@pytest.mark.parametrize("program", sorted(file.stem for file in GUEST.glob("[!_]*.py")))
def test_a_program_fits_into_an_argument(program: str) -> None:
    """The kernel takes no argument of more than 128 KiB (MAX_ARG_STRLEN)."""
    assert max(len(word.encode()) for word in inside.command("c1", program)) < 1 << 17


def test_no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the docker command, the error is one line."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SynthlabError, match="docker cannot be run: No such file"):
        inside.ProgramCommands().start_program("c1", "capture")


def started(program: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdout
    assert process.stdout.readline() == b"begun\n"
    return process


def test_end_lets_it_end_by_itself() -> None:
    """A program that exits at end of input has its own exit status."""
    process = started("import sys; print('begun', flush=True); sys.stdin.read(); sys.exit(7)")
    inside.end(process)
    assert process.returncode == 7
    assert isinstance(process.stdout, io.BufferedReader)
    assert process.stdout.closed


def test_end_waits_no_longer_than_its_patience() -> None:
    """One that does not exit is killed."""
    process = started("import time; print('begun', flush=True); time.sleep(60)")
    inside.end(process, patience_s=0.1)
    assert process.returncode == -9
