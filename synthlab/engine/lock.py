"""A lock that the engine holds: a container of a fixed name, which lasts as long as the process that took it.

Whoever uses the engine, from whichever machine, finds it there. It runs `cat`, which ends with its input, and its input
ends with us, be it by SIGKILL: the engine then removes the container, so that no lock is ever left to clean up.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from ..errors import SynthlabError
from .exec import end, start

START_S = 60.0
END_S = 10.0
POLL_S = 0.01

_TAKEN = "is already in use"


class EngineLock:
    """A lock that we hold."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def lost(self) -> bool:
        """Whether somebody has removed it, or the engine has stopped."""
        return self._process.poll() is not None

    def release(self) -> None:
        """Give it back. That the engine has removed it is waited for beside, at our end at the latest."""
        threading.Thread(target=end, args=(self._process, END_S)).start()


def take_lock(name: str, image: str, marks: Mapping[str, str]) -> EngineLock | None:
    """Take the lock of this name, a container of an `image` that has `cat`; None where somebody holds it.

    It is ours when the container is made; that it starts is not waited for. Raises SynthlabError.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="synthlab-") as folder:
        made = Path(folder) / "id"
        process = start(lock_command(name, image, marks, made))
        try:
            if _is_made(process, made):
                return EngineLock(process)
            said = _last_words(process)
        except BaseException:
            end(process, END_S)
            raise
    end(process, END_S)
    if _TAKEN in said:
        return None
    raise SynthlabError(f"the engine cannot hold the lock {name}: {said}")


def lock_command(name: str, image: str, marks: Mapping[str, str], made: Path) -> list[str]:
    """The docker command that holds a lock while its input is open, and writes its container's id to a file."""
    return [
        *("docker", "run", "--rm", "--interactive", "--name", name, "--pull", "never", "--cidfile", str(made)),
        *(part for key, value in marks.items() for part in ("--label", f"{key}={value}")),
        *("--network", "none", "--log-driver", "none", "--no-healthcheck", "--stop-signal", "SIGKILL"),
        *("--read-only", "--user", "65534", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--entrypoint", "/bin/cat", image),
    ]


def _is_made(process: subprocess.Popen[bytes], made: Path) -> bool:
    """Whether docker has written that the container is made; False where it has ended without."""
    deadline = time.monotonic() + START_S
    while not _written(made):
        if process.poll() is not None:
            return False
        if time.monotonic() > deadline:
            raise SynthlabError(f"the engine has not made a container within {START_S:g} s")
        time.sleep(POLL_S)
    return True


def _written(made: Path) -> bool:
    try:
        return made.stat().st_size > 0
    except FileNotFoundError:  # docker makes it first, and removes it again where it fails
        return False


def _last_words(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr
    lines = process.stderr.read().decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip() and "--help" not in line]
    return said[-1] if said else f"docker ended with status {process.wait()}"
