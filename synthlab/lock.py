"""A lock that the engine holds: a container of a fixed name, which lasts as long as the process that took it.

Whoever uses the engine, from whichever machine, finds it there. It runs `cat`, which ends with its input, and its input
ends with us, be it by SIGKILL: the engine then removes the container, so that no lock is ever left to clean up.
"""

from __future__ import annotations

import contextlib
import select
import subprocess
from collections.abc import Mapping

from .errors import SynthlabError
from .inside import end, start

START_S = 60.0
END_S = 10.0

_TAKEN = "is already in use"


class EngineLock:
    """A lock that we hold."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def lost(self) -> bool:
        """Whether somebody has removed it, or the engine has stopped."""
        return self._process.poll() is not None

    def release(self) -> None:
        """Give it back; it is gone from the engine then."""
        end(self._process, END_S)


def take_lock(name: str, image: str, marks: Mapping[str, str]) -> EngineLock | None:
    """Take the lock of this name, a container of an `image` that has `cat`; None where somebody holds it.

    Raises SynthlabError where the engine cannot run it.
    """
    process = start(lock_command(name, image, marks))
    try:
        if _echoes(process):
            return EngineLock(process)
        said = _last_words(process)
    except BaseException:
        end(process, END_S)
        raise
    end(process, END_S)
    if _TAKEN in said:
        return None
    raise SynthlabError(f"the engine cannot hold the lock {name}: {said}")


def lock_command(name: str, image: str, marks: Mapping[str, str]) -> list[str]:
    """The docker command that holds a lock while its input is open."""
    return [
        *("docker", "run", "--rm", "--interactive", "--name", name, "--pull", "never"),
        *(part for key, value in marks.items() for part in ("--label", f"{key}={value}")),
        *("--network", "none", "--log-driver", "none", "--no-healthcheck", "--stop-signal", "SIGKILL"),
        *("--read-only", "--user", "65534", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--entrypoint", "/bin/cat", image),
    ]


def _echoes(process: subprocess.Popen[bytes]) -> bool:
    """Whether it runs: it gives back the line that it is given. False where it has ended."""
    assert process.stdin
    assert process.stdout
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(b"held\n")
        process.stdin.flush()
    ready, _, _ = select.select([process.stdout], [], [], START_S)
    if not ready:
        raise SynthlabError(f"the engine has not started a container within {START_S:g} s")
    return bool(process.stdout.readline())


def _last_words(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr
    lines = process.stderr.read().decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip() and "--help" not in line]
    return said[-1] if said else f"docker ended with status {process.wait()}"
