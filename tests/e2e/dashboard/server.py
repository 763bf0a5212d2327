"""The command `dashboard` on a real lab: its process, its API, and what its clients reach."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ..labs import SYNTHLAB, heeding_interrupts, until
from ..pair import Pair

LAB = "e2e-dashboard"
KNOCK = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 9), 1)
except OSError as error:
    print(type(error).__name__)
"""


@dataclass(frozen=True)
class Server:
    """The command `dashboard`, and its API."""

    process: subprocess.Popen[str]
    http: httpx.Client
    token: str

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def end_of(self, path: str, state: str) -> Any:
        until(lambda: self.ask("GET", path)["state"] != "running")
        ended = self.ask("GET", path)
        assert ended["state"] == state, ended
        return ended


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The command, started in this folder."""
    command = heeding_interrupts([SYNTHLAB, "dashboard", "--no-browser", "--json", "--stdin"])
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            access = json.loads(process.stdout.readline())
            headers = {"authorization": f"Bearer {access['token']}"}
            with httpx.Client(base_url=access["url"], headers=headers, timeout=30) as http:
                yield Server(process, http, access["token"])
        finally:
            process.kill()


def reached() -> str:
    """What client1 learns from a closed port of client2: that it is closed, or nothing."""
    python = ["docker", "exec", "-i", Pair(LAB).container("client1"), "python3", "-c", KNOCK]
    done = subprocess.run([*python, Pair(LAB).address("client2")], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def states(server: Server) -> list[Any]:
    return [server.ask("GET", f"/v1/labs/{LAB}/clients/{client}") for client in ("client1", "client2")]


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for child, parent, _ in map(str.split, listed.splitlines()):
        children.setdefault(int(parent), []).append(int(child))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found[1:]
