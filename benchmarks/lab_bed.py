"""A lab on this machine's Docker engine, of our clients or of clients built from another checkout.

What is asked of a client is plain HTTP and what is measured is in /proc, so clients of any commit will do.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from synthlab import Lab, SynthlabError
from tests.e2e.labs import SYNTHLAB

from . import other_images
from .errors import CannotRun, Failed
from .other_checkout import OtherCheckout
from .testbed import Kind

API_PORT = 80
FORWARDER_UID = 65310  # as in the image's Dockerfile
_UP_S, _ASK_S, _BEGIN_S = 180, 5, 15.0


@dataclass(frozen=True)
class Member:
    """A container of the lab: one process of it, its forwarder's process (0: it has none), address, and API port."""

    name: str
    pid: int
    forwarder: int
    address: str
    port: int

    def impose(self, conditions: Mapping[str, Any]) -> None:
        """Replace the conditions of this client. Raises Failed if it refuses."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ASK_S)
        try:
            body = json.dumps(conditions)
            connection.request("PUT", "/v1/conditions", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{self.name} does not answer: {error}") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise Failed(f"{self.name} refused its conditions: {answer.status} {text}")

    def packets(self) -> int:
        """Packets that its application has received and sent."""
        rows = Path(f"/proc/{self.pid}/net/dev").read_text().splitlines()
        fields = next(row for row in rows if row.strip().startswith("synth0:")).split(":")[1].split()
        return int(fields[1]) + int(fields[9])


class LabBed:
    """One stack's lab at a time; it ends with `cleanup`."""

    def __init__(self, cleanup: ExitStack, stack: Mapping[str, Any], before: OtherCheckout | None = None) -> None:
        self._stack, self._checkout = stack, before
        self._kind: Kind | None = None
        self._folder = Path(cleanup.enter_context(TemporaryDirectory()))
        self._lab = cleanup.enter_context(ExitStack())
        self.clients: list[Member] = []
        self.server: Member | None = None

    def put(self, kind: Kind) -> None:
        """Have a lab with clients of this kind, unless it is there already. Raises Failed if it does not come up."""
        if kind == self._kind:
            return
        self.clear()
        file = self._folder / "stack.yaml"
        file.write_text(json.dumps(self._stack))
        self._lab.callback(_run, SYNTHLAB, "down", "--lab", self._stack["name"])
        if kind == "before":
            self._up_before(file)
        else:
            _run(SYNTHLAB, "up", str(file))
        self._find()
        self._kind = kind

    def clear(self) -> None:
        """Take the lab down."""
        self._kind = None
        self._lab.close()

    def impose(self, conditions: Mapping[str, Any]) -> None:
        """Replace every client's conditions."""
        for client in self.clients:
            client.impose(conditions)

    def drops(self) -> Counter[str]:
        """Nothing: what a lab loses shows in what arrives."""
        return Counter()

    def interface_drops(self) -> int:
        return 0

    def _up_before(self, file: Path) -> None:
        if self._checkout is None:
            raise CannotRun("no other checkout to compare with: name it with --beside")
        other_images.build(self._checkout)
        _run(SYNTHLAB, "images", "build")
        compose = self._folder / "compose.yaml"
        compose.write_text(other_images.replaced(_run(SYNTHLAB, "render", str(file))))
        _run("docker", "compose", "--file", str(compose), "up", "--detach", "--wait")

    def _find(self) -> None:
        try:
            lab = Lab.attach(self._stack["name"])
        except SynthlabError as error:
            raise Failed(str(error)) from None
        with lab:
            members = {one.client or one.role: _member(one) for one in lab.members}
        self.server = members.pop("sfu", None)
        self.clients = list(members.values())


def _member(container: Any) -> Member:
    """Its processes are looked for until the forwarder runs: a health check may be faster than the fork's new user."""
    deadline = time.monotonic() + _BEGIN_S
    conditioned = container.role == "client"
    while True:
        rows = [row.split() for row in _run("docker", "top", container.name, "-eo", "pid,uid").splitlines()[1:]]
        forwarder = next((int(pid) for pid, uid in rows if int(uid) == FORWARDER_UID), 0)
        if forwarder or not conditioned:
            name = container.client or container.role
            port = container.ports.get(API_PORT, 0)
            return Member(name, int(rows[0][0]), forwarder, container.address, port)
        if time.monotonic() > deadline:
            raise Failed(f"{container.name}: no forwarder runs")
        time.sleep(0.1)


def _run(*command: str) -> str:
    """Raises Failed with the last line that the command wrote to stderr."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_UP_S)
    except FileNotFoundError:
        raise Failed(f"{command[0]} is missing") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command)} did not end within {_UP_S} s") from None
    if done.returncode:
        raise Failed(next(reversed(done.stderr.strip().splitlines()), f"{command[0]}: status {done.returncode}"))
    return done.stdout
