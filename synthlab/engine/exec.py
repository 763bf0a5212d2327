"""Programs that are shipped into a client's container and run there: each one file here, standard library only.

`docker exec` carries them in and their output out, so that no image has to hold them, and a remote engine is no matter.
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
"""That of the image's application, with the libraries which that uses."""

# What of the image runs a further command just as the application runs: as its user, without our capabilities.
AS_APPLICATION = (PYTHON, "-I", "-m", "syntheticnet.supervisor.application")
END_S = 2.0


def unread(line: str) -> None:
    """What is written is of no interest."""


class ProgramCommands:
    """The programs of the EngineApi."""

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
    """The docker command that runs any command; in a client as its application runs, else as the container's user."""
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
    """The docker command that runs any command as root in the container with this id."""
    return ["docker", "exec", "--interactive", "--user", "0", container, *run]


def sidecar_command(
    container: Container, program: str, arguments: Sequence[object] = (), *, net_admin: bool = False
) -> list[str]:
    """The docker command that runs it in the network of a container of any image, but in a container of ours.

    That one belongs to the lab, may do nothing, or have NET_ADMIN alone, and goes when the program ends.
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
    """The docker command that runs one of our image in the network of the container with this id."""
    program, *arguments = run
    return [
        *("docker", "run", "--rm", f"--network=container:{container}", f"--entrypoint={program}"),
        *(SYNTHETICNET, *arguments),
    ]


def _python_arguments(program: str, arguments: Sequence[object]) -> list[str]:
    source = (Path(__file__).parent / "guest" / f"{program}.py").read_text(encoding="utf-8")
    return ["-I", "-c", source, *map(str, arguments)]


def start(run: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start such a docker command; raises SynthlabError where docker cannot be run.

    It has a session of its own, so that Ctrl-C reaches it only through us.
    """
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(run, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except OSError as error:
        raise SynthlabError(f"docker cannot be run: {error.strerror}; `synthlab doctor` looks closer") from None


def end(process: subprocess.Popen[bytes], patience_s: float = END_S) -> None:
    """Close its input, which ends the program, and wait for that; after `patience_s` only docker's command is ended."""
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
