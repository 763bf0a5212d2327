"""A lock held by the engine: a container with a fixed name, which lives as long as the process that took it.

Container names are unique per engine, so the lock works across users and machines, where a lock file would not. It runs
`cat`, which exits at end of input. Its input closes when we exit, even by SIGKILL, and the engine then removes the
container: no stale lock remains.
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
    """A lock we hold."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def lost(self) -> bool:
        """Whether somebody removed it, or the engine stopped."""
        return self._process.poll() is not None

    def release(self) -> None:
        """Release it. A background thread waits for the engine to remove it; at exit, Python joins that thread."""
        threading.Thread(target=end, args=(self._process, END_S)).start()


def take_lock(command: str, name: str, image: str, marks: Mapping[str, str]) -> EngineLock | None:
    """Take the lock of this name, a container of `image`, which must have `cat`; None if it is held already.

    It is ours once the container is created; we do not wait until it runs. Raises SynthlabError.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="synthlab-") as folder:
        # In a folder of its own, because docker refuses a --cidfile that exists.
        made = Path(folder) / "id"
        process = start([command, *lock_arguments(name, image, marks, made)])
        try:
            if _is_made(process, made):
                return EngineLock(process)
            said = _last_words(process) or f"{command} ended with status {process.wait()}"
        except BaseException:
            end(process, END_S)
            raise
    end(process, END_S)
    if _TAKEN in said:
        return None
    raise SynthlabError(f"the engine cannot hold the lock {name}: {said}")


def lock_arguments(name: str, image: str, marks: Mapping[str, str], made: Path) -> list[str]:
    """What follows the engine's command to hold a lock while its stdin is open; the container's id is in `made`."""
    return [
        *("run", "--rm", "--interactive", "--name", name, "--pull", "never", "--cidfile", str(made)),
        *(part for key, value in marks.items() for part in ("--label", f"{key}={value}")),
        # SIGKILL, because as PID 1 `cat` ignores SIGTERM (pid_namespaces(7)), and the engine would wait for it.
        *("--network", "none", "--log-driver", "none", "--no-healthcheck", "--stop-signal", "SIGKILL"),
        *("--read-only", "--user", "65534", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--entrypoint", "/bin/cat", image),
    ]


def _is_made(process: subprocess.Popen[bytes], made: Path) -> bool:
    """Wait until the container is created; False if the command exits without."""
    deadline = time.monotonic() + START_S
    while not _has_content(made):
        if process.poll() is not None:
            return False
        if time.monotonic() > deadline:
            raise SynthlabError(f"the engine created no container within {START_S:g} s")
        time.sleep(POLL_S)
    return True


def _has_content(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:  # the command creates it first, and removes it on failure
        return False


def _last_words(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr
    lines = process.stderr.read().decode(errors="replace").split("\n")
    # Docker ends a message with a line that points to --help.
    said = [line.strip() for line in lines if line.strip() and "--help" not in line]
    return said[-1] if said else ""
