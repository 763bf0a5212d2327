"""Labs on the real engine, through the command line as users run it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .leftovers import leftovers

SYNTHLAB = str(Path(sys.executable).with_name("synthlab"))


def synthlab(*arguments: str, status: int | None = 0, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    """Run the command line; fails unless it exits with `status` (None: any)."""
    done = subprocess.run([SYNTHLAB, *arguments], capture_output=True, text=True, timeout=seconds, check=False)
    assert status in (None, done.returncode), f"synthlab {' '.join(arguments)}: {done.returncode}\n{done.stderr}"
    return done


def heeding_interrupts(command: list[str]) -> list[str]:
    """The command, handling SIGINT even if the tests were started with SIGINT ignored (in the background)."""
    heed = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", heed, *command]


@contextmanager
def lab_up(name: str, stack: Path, *options: str) -> Iterator[str]:
    """A lab of this stack file under this name; always taken down, and must leave nothing behind."""
    try:
        synthlab("up", str(stack), "--lab", name, *options)
        yield name
    finally:
        synthlab("down", "--lab", name, "--volumes", status=None)
    assert leftovers(name) == []


def two_ups(stack: Path) -> tuple[list[dict[str, Any]], str]:
    """Two `up` at the same moment: what the winner lists, and the other's error; fails unless exactly one wins."""
    command = [SYNTHLAB, "up", str(stack), "--json"]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) for _ in range(2)]
    ended = [(process.communicate(timeout=120), process.returncode) for process in processes]
    assert sorted(status for _, status in ended) == [0, 3], ended
    ((listed, _), _), ((_, result), _) = sorted(ended, key=lambda one: one[1])
    return json.loads(listed), result.splitlines()[-1]


def until(reached: Callable[[], bool], seconds: float = 40, seen: Callable[[], object] = lambda: "") -> None:
    """Poll until the condition holds; fails with `seen` if it never does. A value not reported yet counts as not."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(KeyError):
            if reached():
                return
        assert time.monotonic() < deadline, f"not so within {seconds:g} s {seen()}"
        time.sleep(0.1)


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def docker_log(container: str) -> str:
    """All output of a container, stdout and stderr."""
    command = ["docker", "logs", container]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout


def reconnect(network: str, container: str, *options: str) -> tuple[float, float]:
    """Disconnect a container from its network and reconnect it; the period without network (monotonic clock)."""
    docker("network", "disconnect", network, container)
    gone = time.monotonic()
    connect(network, container, *options)
    return gone, time.monotonic()


def connect(network: str, container: str, *options: str) -> None:
    """Reconnect a container to a network.

    Docker refuses while the old addresses exist: if PID 1 was not scheduled at once, try again.
    """
    deadline = time.monotonic() + 5
    command = ["docker", "network", "connect", *options, network, container]
    while (done := subprocess.run(command, capture_output=True, text=True, check=False)).returncode:
        assert "conflicts with existing route" in done.stderr
        assert time.monotonic() < deadline
        time.sleep(0.2)
