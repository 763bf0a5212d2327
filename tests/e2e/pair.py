"""Two client containers without applications, and traffic between them."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from synthlab.control.backend import make_backend
from synthlab.control.running_lab import RunningLab
from synthlab.stack import Ip

from .labs import docker, lab_up, synthlab

STACK = """\
name: {name}
ip: {ip}
clients:
  client1: {{image: syntheticnet}}
  client2: {{image: syntheticnet}}
"""


class Traffic:
    """A mode of traffic.py, or of a similar script, running in a container, if need be of another engine."""

    unfinished: ClassVar[list[Traffic]] = []
    """Scripts whose result has not been read yet."""

    def __init__(
        self, container: str, mode: str, *arguments: object, script: str = "traffic.py", engine: str = ""
    ) -> None:
        program = (Path(__file__).parent / script).read_text()
        inside = ["docker", *(["--host", engine] if engine else []), "exec", "-i", container]
        command = [*inside, "python3", "-c", program, mode, *map(str, arguments)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.unfinished.append(self)

    def ready(self) -> Traffic:
        """Wait until it reports that it listens."""
        assert self._process.stdout
        assert self._process.stdout.readline()
        return self

    def result(self) -> dict[str, Any]:
        lines = self.wait()
        assert self._process.returncode == 0
        result: dict[str, Any] = json.loads(lines[-1])
        return result

    def wait(self) -> list[str]:
        """Wait until it exits, after the end of its input, which ends what listens; the lines that it printed."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        with self._process.stdout as output:
            lines = output.read().splitlines()
        self._process.wait()
        self.unfinished.remove(self)
        return lines


@dataclass(frozen=True)
class Pair:
    """A lab of client1, with a perfect network, and client2, whose network the tests change."""

    name: str

    def container(self, client: str) -> str:
        return f"synthlab-{self.name}-{client}-1"

    def address(self, client: str, family: int = 4) -> str:
        return str(self.network(client)["IPAddress" if family == 4 else "GlobalIPv6Address"])

    def network(self, client: str) -> dict[str, Any]:
        """The engine's data about the client's connection to the lab's network."""
        shown = docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", self.container(client))
        network: dict[str, Any]
        (network,) = json.loads(shown).values()
        return network

    def traffic(self, client: str, mode: str, *arguments: object, script: str = "traffic.py") -> Traffic:
        return Traffic(self.container(client), mode, *arguments, script=script)

    def read(self, client: str, file: str) -> str:
        """The content of a file in the client's container."""
        return docker("exec", self.container(client), "cat", file)

    def pid(self, client: str) -> int:
        """The process id of the client's PID 1 on the host."""
        return int(docker("inspect", "-f", "{{.State.Pid}}", self.container(client)))

    def port(self, client: str) -> int:
        """The published port of the client's API."""
        return int(docker("port", self.container(client), "80/tcp").splitlines()[0].rpartition(":")[2])

    def forwarder(self, client: str) -> int:
        """The forwarder's process id on the host."""
        return self.process(client, "65310")

    def process(self, client: str, uid: str) -> int:
        """The id on the host of a user's only process in the container."""
        rows = docker("top", self.container(client), "-eo", "pid,uid").splitlines()[1:]
        (pid,) = [int(row.split()[0]) for row in rows if row.split()[1] == uid]
        return pid

    def set(self, *options: str) -> None:
        synthlab("set", "client2", *options, "--lab", self.name)

    def reset(self) -> None:
        with self._running() as lab:
            lab.reset([lab.one("client2")])

    def state(self, client: str = "client2") -> dict[str, Any]:
        return self.states(client)[client]

    def states(self, *clients: str) -> dict[str, dict[str, Any]]:
        """The answers of these clients' APIs, by name; asked without a process, which would take longer than they."""
        with self._running() as lab:
            return {name: dict(state.answer) for name, state in lab.states(lab.find(clients)).items()}

    def drops(self, *clients: str) -> Counter[str]:
        """Packets dropped so far by the forwarders of these clients (default: both), by cause, in both directions."""
        dropped: Counter[str] = Counter()
        for state in self.states(*(clients or ("client1", "client2"))).values():
            for link in state["links"].values():
                dropped.update(link["dropped"])
        return dropped

    def late(self) -> int:
        """Packets that both forwarders have dropped so far because the machine was too slow."""
        dropped = self.drops()
        return dropped["stalled"] + dropped["kernel"]

    def rows(self) -> list[dict[str, Any]]:
        """The clients that `ps` lists."""
        rows: list[dict[str, Any]] = json.loads(synthlab("ps", "--json", "--lab", self.name).stdout)
        return rows

    @contextmanager
    def _running(self) -> Iterator[RunningLab]:
        backend = make_backend()
        try:
            yield RunningLab.named(backend, self.name)
        finally:
            backend.close()


@contextmanager
def pair_up(name: str, folder: Path, ip: Ip = "ipv4", more: str = "") -> Iterator[Pair]:
    """A pair under this name, from a stack file in `folder` with `more` appended; always taken down."""
    stack = folder / "pair.yaml"
    stack.write_text(STACK.format(name=name, ip=ip) + more)
    with lab_up(name, stack):
        yield Pair(name)
