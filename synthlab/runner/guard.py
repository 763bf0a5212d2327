"""Lets containers go on that a scenario has paused or stopped, where its player is killed: a process that outlives it.

A pause freezes the whole container, so nothing in it could end the pause. The guard is told by its input what is to be
undone, and undoes it when that ends, as it does with the player, or when it has heard nothing for the time of a lease.
Run as a program it needs the standard library alone.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Literal

END_S = 2.0
TRIES = 6
"""One second apart: what was asked of the engine just before the player died may happen only then."""

Back = Literal["unpause", "start"]


class Guard:
    """The process, started when it is first needed. Raises OSError where it has ended, and so has undone everything."""

    def __init__(self, lease_s: float, control: Sequence[str]) -> None:
        """`control` is the engine's own command: it takes what is to be done, and a container, as its last words."""
        self._lease_s = lease_s
        self._control = control
        self._process: subprocess.Popen[bytes] | None = None

    def hold(self, container: str, back: Back) -> None:
        """From now on the container goes on, BACK, when the player dies."""
        self._process = self._process or self._started()
        self._say(f"{back} {container}")

    def forget(self, container: str) -> None:
        """It goes on by itself."""
        self._say(f"forget {container}")

    def renew(self) -> None:
        self._say("")

    def close(self) -> None:
        """The player is done; what has not been forgotten is undone now."""
        if self._process and self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_S)

    def _say(self, line: str) -> None:
        if self._process and self._process.stdin:
            os.write(self._process.stdin.fileno(), f"{line}\n".encode())

    def _started(self) -> subprocess.Popen[bytes]:
        """In a session of its own, so that what ends the player's ends not this."""
        return subprocess.Popen(
            [sys.executable, "-I", __file__, str(self._lease_s), *self._control],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )


def main(lease_s: float, control: Sequence[str]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    held = listen(lease_s)
    for _ in range(TRIES if held else 0):
        held = {container: back for container, back in held.items() if not _undone([*control, back, container])}
        if not held:
            break
        time.sleep(1.0)


def listen(lease_s: float) -> dict[str, str]:
    """What is to be undone when the input has ended, or was silent for too long."""
    held, rest = dict[str, str](), b""
    while select.select([0], [], [], lease_s)[0] and (piece := os.read(0, 1 << 16)):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            word, _, container = line.decode().partition(" ")
            if word == "forget":
                held.pop(container, None)
            elif word:
                held[container] = word
    return held


def _undone(command: Sequence[str]) -> bool:
    """Whether it need not be tried again: a start succeeds also where the stop is still to come."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0 and command[-2] != "start"


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
