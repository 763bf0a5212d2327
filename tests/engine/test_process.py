"""Running programs and reading their output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from synthlab.engine.process import Finished, run_attached, run_program
from synthlab.errors import SynthlabError
from synthlab.interrupts import uninterrupted


def test_lines_and_status() -> None:
    """Input is passed in, every line is reported as it is written, and the status is the program's."""
    lines: list[str] = []
    finished = run_program(["sh", "-c", "cat; echo; echo wrong >&2; exit 4"], text="one\ntwo\n", on_line=lines.append)
    assert finished == Finished(4, ("one", "two", "wrong"))
    assert lines == ["one", "two", "wrong"]


@pytest.mark.issue(14)
def test_output_apart() -> None:
    """With a file for the output, the lines are those of stderr alone."""
    with TemporaryFile() as output:
        finished = run_program(["sh", "-c", "echo data; echo told >&2"], output=output)
        output.seek(0)
        assert (finished.tail, output.read()) == (("told",), b"data\n")


@pytest.mark.issue(14)
def test_it_heeds_sigterm() -> None:
    """A program that was started while we ignore signals can be stopped all the same."""
    start = time.monotonic()
    with uninterrupted():
        assert run_program(["sleep", "60"], timeout_s=0.2).status == -signal.SIGTERM
    assert time.monotonic() - start < 5


def test_time_is_limited() -> None:
    """On timeout, the program is stopped with all its children."""
    start = time.monotonic()
    assert run_program(["sh", "-c", "sleep 60; true"], timeout_s=0.2).status < 0
    assert time.monotonic() - start < 5


def test_missing_program() -> None:
    """A program that is not installed is reported in one line."""
    with pytest.raises(SynthlabError, match=r"^no-such-program cannot be run: No such file or directory"):
        run_program(["no-such-program"])


def test_interrupted() -> None:
    """An interruption stops the program before it propagates."""

    started: list[int] = []

    def interrupt(line: str) -> None:
        started.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_program(["sh", "-c", "echo $$; exec sleep 60"], on_line=interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def test_killed() -> None:
    """Even if synthlab is killed, its programs are stopped."""
    assert sys.platform == "linux", "only Linux ends children with their parent"
    program = (
        "from synthlab.engine.process import run_program\n"
        "run_program(['sh', '-c', 'echo $$; exec sleep 60'], on_line=lambda line: print(line, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while _lives(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _lives(child)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("program", "status"), [("exit 7", 7), ("kill -TERM $$", 143), ("kill -INT $PPID; exit 3", 3)])
def test_attached(program: str, status: int) -> None:
    """On our own terminal, the status is the program's, and only it gets Ctrl-C."""
    assert run_attached(["sh", "-c", program]) == status


def test_attached_missing_program() -> None:
    """A program that is not installed is reported in one line."""
    with pytest.raises(SynthlabError, match=r"^no-such-program cannot be run: No such file or directory"):
        run_attached(["no-such-program"])
