"""Resumes paused and stopped containers if the player is killed: a separate process that outlives it.

Changes of conditions are leases that a client reverts alone, but a pause freezes the whole container, including
anything that could end it. So the player writes to the guard's stdin what to resume. When stdin closes, as it does
even on SIGKILL, or stays silent for the time of a lease, the guard resumes it. As a program this file needs only the
standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

END_S = 2.0
TRIES = 6
"""One second apart: a pause requested just before the player died can take effect after the first try."""


class Guard:
    """The guard's process, started on first use. Methods raise OSError if it has ended and resumed everything."""

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._process: subprocess.Popen[bytes] | None = None

    def hold(self, container: str, back: Sequence[str]) -> None:
        """Resume the container by the command `back` if the player dies."""
        self._process = self._process or self._started()
        self._say(f"hold {container} {json.dumps(back)}")

    def forget(self, container: str) -> None:
        """Stop guarding a container that runs again."""
        self._say(f"forget {container}")

    def renew(self) -> None:
        self._say("")

    def close(self) -> None:
        """End the guard; it resumes all containers it still holds."""
        if self._process and self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_S)

    def _say(self, line: str) -> None:
        if self._process and self._process.stdin:
            os.write(self._process.stdin.fileno(), f"{line}\n".encode())

    def _started(self) -> subprocess.Popen[bytes]:
        """Start it in a new session, so that Ctrl-C or a closed terminal does not end it with the player."""
        return subprocess.Popen(
            [sys.executable, "-I", __file__, str(self._lease_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",  # like a daemon: it must not keep a file system busy
        )


def main(lease_s: float) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    held = listen(lease_s)
    for _ in range(TRIES if held else 0):
        held = {container: back for container, back in held.items() if not _undone(back)}
        if not held:
            break
        time.sleep(1.0)


def listen(lease_s: float) -> dict[str, list[str]]:
    """Read stdin until it ends or stays silent for `lease_s`; returns the commands for containers still held."""
    held, rest = dict[str, list[str]](), b""
    while select.select([0], [], [], lease_s)[0] and (piece := os.read(0, 1 << 16)):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            word, _, what = line.decode().partition(" ")
            container, _, back = what.partition(" ")
            if word == "forget":
                held.pop(container, None)
            elif word == "hold":
                held[container] = json.loads(back)
    return held


def _undone(command: Sequence[str]) -> bool:
    """Whether no further try is needed. A start is always repeated: it also succeeds before a pending stop."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0 and "unpause" in command


if __name__ == "__main__":
    main(float(sys.argv[1]))
