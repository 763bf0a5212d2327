"""Runs programs in containers. Those in `guest/` are one file each and use only the standard library.

`docker exec` carries the source in and the output out, so images need not contain them, and remote engines work too.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ..contract import SYNTHETICNET
from ..errors import SynthlabError
from . import labels
from .api import Process, User
from .containers import Container

PYTHON = "/opt/synthlab/bin/python"
SYSTEM_PYTHON = "/usr/bin/python3"
"""The interpreter of the image's application, with its libraries."""

# Runs a command in a client's image like its application: as its user, without our capabilities.
AS_APPLICATION = (PYTHON, "-I", "-m", "syntheticnet.supervisor.application")
END_S = 2.0


class ProgramCommands:
    """The Programs part of EngineApi."""

    command: str

    def exec_command(
        self, container: Container, command: Sequence[str], terminal: bool = False, user: User = "application"
    ) -> list[str]:
        return [self.command, *exec_arguments(container, command, terminal, user)]

    def start_program(
        self,
        container: Container,
        program: str,
        arguments: Sequence[object] = (),
        *,
        user: User = "application",
        python: str = PYTHON,
    ) -> Process:
        return start(self.exec_command(container, guest_command(program, arguments, python), user=user))

    def start_sidecar(
        self, container: Container, program: str, arguments: Sequence[object] = (), *, net_admin: bool = False
    ) -> Process:
        return start([self.command, *sidecar_arguments(container, program, arguments, net_admin=net_admin)])


def exec_arguments(
    container: Container, command: Sequence[str], terminal: bool = False, user: User = "application"
) -> list[str]:
    """What follows the engine's command to run `command` in a container.

    As `root`, or like the application in a container of ours; in any other as its image's user.
    """
    run = ["exec", "-it" if terminal else "-i"]
    if user == "application" and not container.conditioned:
        return [*run, container.id, *command]
    entry = AS_APPLICATION if user == "application" else ()
    return [*run, "--user", "0", container.id, *entry, *command]


def sidecar_arguments(
    container: Container,
    program: str,
    arguments: Sequence[object] = (),
    *,
    net_admin: bool = False,
    image: str = SYNTHETICNET,
    pull: str = "never",
) -> list[str]:
    """What follows the engine's command to run `guest/PROGRAM.py` in a container of our image, in another's network.

    The sidecar belongs to the lab, has no capability or only NET_ADMIN, and is removed when the program exits.
    """
    rights = ("--user", "0", "--cap-add", "NET_ADMIN") if net_admin else ("--user", "65534")
    marks = {labels.LAB: container.lab, labels.ROLE: labels.SIDECAR, labels.MADE_BY: container.made_by}
    return [
        # The health check of our image asks an API, which a sidecar does not have.
        *("run", "--interactive", "--rm", "--pull", pull, "--init", "--no-healthcheck"),
        *(part for name, value in marks.items() for part in ("--label", f"{name}={value}")),
        *("--network", f"container:{container.id}", "--read-only", *rights),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--entrypoint", PYTHON, image, *guest_command(program, arguments)[1:]),
    ]


def guest_command(program: str, arguments: Sequence[object] = (), python: str = PYTHON) -> list[str]:
    """The command that runs `guest/PROGRAM.py` inside a container of ours."""
    source = (Path(__file__).parent / "guest" / f"{program}.py").read_text(encoding="utf-8")
    # -I: modules in the container's folders and PYTHONPATH must not replace the standard library's.
    return [python, "-I", "-c", source, *map(str, arguments)]


def start(run: Sequence[str]) -> Process:
    """Start a command with pipes; raises SynthlabError if it cannot be run.

    It gets a new session, so that Ctrl-C reaches only us and we decide when it stops.
    """
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(run, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except OSError as error:
        raise SynthlabError(f"{run[0]} cannot be run: {error.strerror}; run `synthlab doctor`") from None


def output_of(process: Process, timeout_s: float) -> str:
    """Wait for a program and return what it wrote; raises SynthlabError with the last line of stderr if it fails."""
    try:
        output, errors = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise SynthlabError(f"no answer within {timeout_s:g} s") from None
    finally:
        end(process, 0.0)
    if process.returncode:
        raise SynthlabError(last_line(errors) or f"it ended with status {process.returncode}")
    return output.decode(errors="replace")


def last_line(written: bytes) -> str:
    """The last line of a program's output that is not blank; empty if there is none."""
    lines = written.decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


def end(process: Process, patience_s: float = END_S) -> None:
    """Close its stdin, which makes the program exit, and wait; after `patience_s`, kill the engine's command only."""
    if process.stdin:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
