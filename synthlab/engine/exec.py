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
from .api import Process, User
from .containers import Container

PYTHON = "/opt/synthlab/bin/python"
SYSTEM_PYTHON = "/usr/bin/python3"
"""That of the image's application, with the libraries which that uses."""

# What of the image runs a further command just as the application runs: as its user, without our capabilities.
AS_APPLICATION = (PYTHON, "-I", "-m", "syntheticnet.supervisor.application")
END_S = 2.0


class ProgramCommands:
    """The programs of the EngineApi."""

    def exec_command(
        self, container: Container, command: Sequence[str], terminal: bool = False, user: User = "application"
    ) -> list[str]:
        return exec_command(container, command, terminal, user)

    def start_program(
        self,
        container: Container,
        program: str,
        arguments: Sequence[object] = (),
        *,
        user: User = "application",
        python: str = PYTHON,
    ) -> Process:
        return start(exec_command(container, [python, *_python_arguments(program, arguments)], user=user))

    def start_sidecar(
        self, container: Container, program: str, arguments: Sequence[object] = (), *, net_admin: bool = False
    ) -> Process:
        return start(sidecar_command(container, program, arguments, net_admin=net_admin))


def exec_command(
    container: Container, command: Sequence[str], terminal: bool = False, user: User = "application"
) -> list[str]:
    """The docker command that runs any command in a container.

    As `root`, or as the application runs in a container of ours; in any other as the user of its image.
    """
    run = ["docker", "exec", "-it" if terminal else "-i"]
    if user == "application" and not container.conditioned:
        return [*run, container.id, *command]
    entry = AS_APPLICATION if user == "application" else ()
    return [*run, "--user", "0", container.id, *entry, *command]


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


def _python_arguments(program: str, arguments: Sequence[object]) -> list[str]:
    source = (Path(__file__).parent / "guest" / f"{program}.py").read_text(encoding="utf-8")
    return ["-I", "-c", source, *map(str, arguments)]


def start(run: Sequence[str]) -> Process:
    """Start such a docker command; raises SynthlabError where docker cannot be run.

    It has a session of its own, so that Ctrl-C reaches it only through us.
    """
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(run, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except OSError as error:
        raise SynthlabError(f"docker cannot be run: {error.strerror}; `synthlab doctor` looks closer") from None


def output_of(process: Process, timeout_s: float) -> str:
    """What a program writes until it ends. Raises SynthlabError with the last line of its errors where it fails."""
    try:
        output, errors = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise SynthlabError(f"no answer within {timeout_s:g} s") from None
    finally:
        end(process, 0.0)
    if process.returncode:
        raise SynthlabError(last_line(errors) or f"it ended with status {process.returncode}")
    return output.decode(errors="replace")


def last_line(errors: bytes) -> str:
    """The last words of a program; empty where it has said nothing."""
    lines = errors.decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


def end(process: Process, patience_s: float = END_S) -> None:
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
