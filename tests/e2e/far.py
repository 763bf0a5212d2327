"""A separate machine as far as the network goes: it reaches only a TCP port that leads to the engine."""

from __future__ import annotations

import os
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .labs import SYNTHLAB

NAMESPACE = "e2e-far"
NEAR, FAR, PORT = "10.231.7.1", "10.231.7.2", 2399
ENGINE = "/var/run/docker.sock"
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True)
class Machine:
    """Runs programs there, with the engine's address in the environment."""

    environment: Mapping[str, str]
    namespace: str = NAMESPACE

    def run(self, *command: str, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["ip", "netns", "exec", self.namespace, *command],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert status in (None, done.returncode), f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command line there; the process is its own."""
        command = ["ip", "netns", "exec", self.namespace, SYNTHLAB, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self._environment(), stdout=pipe, stderr=pipe, text=True)

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if name.lower() not in PROXIES}
        return {**ours, **self.environment}

    def synthlab(self, *arguments: str, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        return self.run(SYNTHLAB, *arguments, status=status)


@contextmanager
def far_away() -> Iterator[None]:
    """The namespace, and the path from it to the engine."""
    with namespace(NAMESPACE):
        _ip("link", "add", "e2e-near", "type", "veth", "peer", "name", "e2e-far", "netns", NAMESPACE)
        _ip("addr", "add", f"{NEAR}/30", "dev", "e2e-near")
        _ip("link", "set", "e2e-near", "up")
        _ip("-n", NAMESPACE, "addr", "add", f"{FAR}/30", "dev", "e2e-far")
        _ip("-n", NAMESPACE, "link", "set", "e2e-far", "up")
        with _Forwarded((NEAR, PORT), _ToEngine) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield
            server.shutdown()


@contextmanager
def namespace(name: str) -> Iterator[None]:
    """A network namespace with loopback only."""
    _ip("netns", "add", name)
    try:
        _ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        _ip("netns", "del", name)


def context(folder: Path, address: str) -> dict[str, str]:
    """An environment whose current docker context has this address."""
    environment = {**os.environ, "DOCKER_CONFIG": str(folder)}
    environment.pop("DOCKER_HOST", None)
    for words in (("create", "far", "--docker", f"host={address}"), ("use", "far")):
        subprocess.run(["docker", "context", *words], env=environment, check=True, capture_output=True)
    return {"DOCKER_CONFIG": str(folder)}


def ssh(folder: Path, address: str) -> dict[str, str]:
    """An environment whose `ssh` reaches a host whose docker command uses this address."""
    program = folder / "ssh"
    program.write_text(f"#!/bin/sh\nDOCKER_HOST={address} exec docker system dial-stdio\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "DOCKER_HOST": "ssh://somebody@far.example"}


class _Forwarded(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _ToEngine(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(ENGINE)
            back = threading.Thread(target=_pour, args=(engine, self.request), daemon=True)
            back.start()
            _pour(self.request, engine)
            back.join()


def _pour(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
