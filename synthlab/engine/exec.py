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
from .api import OnLine, User
from .containers import Container
from .process import Finished, run_program

PYTHON = "/opt/synthlab/bin/python"
SYSTEM_PYTHON = "/usr/bin/python3"
"""The interpreter of the image's application, with its libraries."""

# Runs a command in a client's image like its application: as its user, without our capabilities.
AS_APPLICATION = (PYTHON, "-I", "-m", "syntheticnet.supervisor.application")
END_S = 2.0


def unread(line: str) -> None:
    """Ignore a line of output."""


class ProgramCommands:
    """The Programs part of EngineApi."""

    def exec_command(self, container: Container, command: Sequence[str], terminal: bool = False) -> list[str]:
        return exec_command(container, command, terminal)

    def root_command(self, container: str, command: Sequence[str]) -> list[str]:
        return root_command(container, command)

    def run_inside(
        self, container: str, command: Sequence[str], *, timeout_s: float, text: str = "", on_line: OnLine = unread
    ) -> Finished:
        run = ["docker", "exec", *(["-i"] if text else []), container, *command]
        return run_program(run, text=text, on_line=on_line, timeout_s=timeout_s)

    def run_beside(
        self, container: str, command: Sequence[str], *, timeout_s: float, on_line: OnLine = unread
    ) -> Finished:
        return run_program(beside_command(container, command), on_line=on_line, timeout_s=timeout_s)

    def start_program(
        self,
        container: str,
        program: str,
        arguments: Sequence[object] = (),
        *,
        user: User = "application",
        python: str = PYTHON,
    ) -> subprocess.Popen[bytes]:
        return start(command(container, program, arguments, user=user, python=python))

    def start_sidecar(
        self, container: Container, program: str, arguments: Sequence[object] = (), *, net_admin: bool = False
    ) -> subprocess.Popen[bytes]:
        return start(sidecar_command(container, program, arguments, net_admin=net_admin))


def exec_command(container: Container, command: Sequence[str], terminal: bool = False) -> list[str]:
    """The docker command that runs `command`: in a client like its application, else as the container's user."""
    entry = AS_APPLICATION if container.role == "client" else ()
    return ["docker", "exec", "-it" if terminal else "-i", container.id, *entry, *command]


def command(
    container: str,
    program: str,
    arguments: Sequence[object] = (),
    *,
    user: User = "application",
    python: str = PYTHON,
) -> list[str]:
    """The docker command that runs `guest/PROGRAM.py` in the container with this id."""
    entry = AS_APPLICATION if user == "application" else ()
    return root_command(container, [*entry, python, *_python_arguments(program, arguments)])


def root_command(container: str, run: Sequence[str]) -> list[str]:
    """The docker command that runs `run` as root in the container with this id."""
    return ["docker", "exec", "--interactive", "--user", "0", container, *run]


def sidecar_command(
    container: Container, program: str, arguments: Sequence[object] = (), *, net_admin: bool = False
) -> list[str]:
    """The docker command that runs `guest/PROGRAM.py` in a container of our image, in the network of `container`.

    The sidecar belongs to the lab, has no capability or only NET_ADMIN, and is removed when the program exits.
    """
    rights = ("--user", "0", "--cap-add", "NET_ADMIN") if net_admin else ("--user", "65534")
    marks = {labels.LAB: container.lab, labels.ROLE: labels.SIDECAR, labels.MADE_BY: container.made_by}
    return [
        *("docker", "run", "--interactive", "--rm", "--pull", "never", "--init", "--no-healthcheck"),
        *(part for name, value in marks.items() for part in ("--label", f"{name}={value}")),
        *("--network", f"container:{container.id}", "--read-only", *rights),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--entrypoint", PYTHON, SYNTHETICNET, *_python_arguments(program, arguments)),
    ]


def beside_command(container: str, run: Sequence[str]) -> list[str]:
    """The docker command that runs a command of our image in the network of the container with this id."""
    program, *arguments = run
    return [
        *("docker", "run", "--rm", f"--network=container:{container}", f"--entrypoint={program}"),
        *(SYNTHETICNET, *arguments),
    ]


def _python_arguments(program: str, arguments: Sequence[object]) -> list[str]:
    source = (Path(__file__).parent / "guest" / f"{program}.py").read_text(encoding="utf-8")
    return ["-I", "-c", source, *map(str, arguments)]


def start(run: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a docker command with pipes; raises SynthlabError if docker cannot be run.

    It gets a new session, so that Ctrl-C reaches only us and we decide when it stops.
    """
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(run, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except OSError as error:
        raise SynthlabError(f"docker cannot be run: {error.strerror}; run `synthlab doctor`") from None


def end(process: subprocess.Popen[bytes], patience_s: float = END_S) -> None:
    """Close its stdin, which makes the program exit, and wait; after `patience_s`, kill the docker command only."""
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
