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
from .testbed import WANTED_DROPS, Kind

API_PORT = 80
FORWARDER_UID = 65310  # as in the image's Dockerfile
_UP_S, _ASK_S, _BEGIN_S = 600, 5, 15.0


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
        self._ask("PUT", "/v1/conditions", json.dumps(conditions))

    def drops(self) -> Counter[str]:
        """Its forwarder's unintended drops by cause."""
        drops: Counter[str] = Counter()
        for link in self._ask("GET", "/v1/state")["links"].values():
            drops.update({cause: n for cause, n in link["dropped"].items() if cause not in WANTED_DROPS})
        return drops

    def packets(self) -> int:
        """Packets that its application has received and sent."""
        fields = self._interfaces()["synth0"]
        return fields[1] + fields[9]

    def interface_drops(self) -> int:
        """Packets that its interfaces have dropped."""
        return sum(fields[3] + fields[11] for fields in self._interfaces().values())

    def _interfaces(self) -> dict[str, list[int]]:
        """The fields of each of its interfaces in /proc/net/dev: eight of what it received, eight of what it sent."""
        rows = Path(f"/proc/{self.pid}/net/dev").read_text().splitlines()[2:]
        named = (row.split(":") for row in rows)
        return {name.strip(): list(map(int, fields.split())) for name, fields in named}

    def _ask(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ASK_S)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{self.name} does not answer: {error}") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise Failed(f"{self.name}: {method} {path}: {answer.status} {text}")
        content: dict[str, Any] = json.loads(text)
        return content


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
        if kind == "before":
            self._up_before(file)
        else:
            _run(SYNTHLAB, "up", str(file))  # leaves nothing behind if it fails
            self._lab.callback(self._down)
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
        """All forwarders' unintended drops by cause."""
        return sum((client.drops() for client in self.clients), Counter())

    def interface_drops(self) -> int:
        return sum(client.interface_drops() for client in self.clients)

    def _up_before(self, file: Path) -> None:
        if self._checkout is None:
            raise CannotRun("no other checkout to compare with: name it with --beside")
        rendered = _run(SYNTHLAB, "render", str(file))
        apps = other_images.applications(rendered)
        if apps:
            _run(SYNTHLAB, "images", "build")  # theirs are built on top of ours
        other_images.build(self._checkout, apps)
        compose = self._folder / "compose.yaml"
        compose.write_text(other_images.replaced(rendered))
        self._lab.callback(self._down)
        _run("docker", "compose", "--file", str(compose), "up", "--detach", "--wait")

    def _down(self) -> None:
        """Raises CannotRun: the next lab would meet the containers of this one."""
        try:
            _run(SYNTHLAB, "down", "--lab", self._stack["name"])
        except Failed as error:
            raise CannotRun(f"the lab {self._stack['name']} is still up: {error}") from None

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
