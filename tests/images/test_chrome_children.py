"""Supervision of a client's programs: when one exits, all stop."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from chrome.children import End, Program, ProgramGroup

from ..standstill import Standstill


def sh(name: str, script: str, ready: Path | None = None) -> Program:
    return Program(name, ["sh", "-c", script], ready)


def run(*programs: Program) -> End:
    async def both() -> End:
        children = ProgramGroup(os.environ)
        try:
            return await children.run(programs)
        finally:
            await children.stop()

    return asyncio.run(both())


def test_first_end_counts() -> None:
    """The first program to exit is reported with its status while others still run."""
    assert run(sh("long", "sleep 60"), sh("short", "exit 3")) == End("short", 3)


def test_order_and_readiness(tmp_path: Path) -> None:
    """A program starts only after the one before it is ready."""
    ready = tmp_path / "socket"
    slow = sh("slow", f"sleep 0.2; touch {ready}; sleep 60", ready)
    assert run(slow, sh("next", f"test -e {ready}")) == End("next", 0)


def test_end_before_readiness(tmp_path: Path) -> None:
    """A program that exits before it is ready ends the wait, and nothing starts after it."""
    late = tmp_path / "late"
    assert run(sh("broken", "exit 1", tmp_path / "never"), sh("next", f"touch {late}")) == End("broken", 1)
    assert not late.exists()


def test_ends_in_words() -> None:
    """An exit is shown as a sentence; a signal's status is 128 + its number."""
    assert str(End.of("Chromium", 1)) == "Chromium exited with status 1"
    assert str(End.of("Chromium", -11)) == "Chromium was killed by SIGSEGV"
    assert End.of("Chromium", -11).status == 139


def test_stop_reaches_everything_soon(tmp_path: Path) -> None:
    """Programs that ignore SIGTERM, and their children, are killed within two seconds."""
    pid = tmp_path / "pid"
    stubborn = sh("stubborn", f"trap '' TERM; sleep 60 & echo $! > {pid}; while :; do sleep 0.05; done")
    began = time.monotonic()
    with Standstill() as machine:
        assert run(stubborn, sh("done", f"until test -s {pid}; do sleep 0.01; done")) == End("done", 0)
    assert time.monotonic() - began < 2.5 + machine.lost_s
    assert not is_running(int(pid.read_text()))


def is_running(pid: int) -> bool:
    deadline = time.monotonic() + 1  # a killed process stays a zombie until its new parent looks
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.01)
    return True
