"""Lists what a stack does with the user's rights, apart from running containers in an isolated lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .allow import is_network
from .compose_source import ComposeFile
from .measured import requests_from_here
from .model import Sfu, Stack, StackClient

_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")
_PRIVILEGES = ("volumes", "privileged", "devices", "cap_add", "network_mode", "pid", "ipc", "security_opt", "build")


def stack_acts(stack: Stack) -> Iterator[str]:
    """One line per action; clients of one group share theirs."""
    lines = [line for client in stack.clients for line in _of_client(client, stack.source)]
    if stack.compose:
        lines += _of_services(stack.compose)
    if isinstance(stack.sfu, Sfu) and stack.sfu.ports and stack.sfu.join not in (None, "127.0.0.1"):
        lines.append(f"sfu: publishes its ports on {stack.sfu.join}")
    lines += [f"{name}: sends requests to {url} from this machine" for name, url in requests_from_here(stack)]
    lines += [f"reads the environment variable {name}" for name in stack.environment]
    yield from dict.fromkeys(lines)


def engine_users(stack: Stack) -> list[str]:
    """The services that have the engine's socket, and with it the rights of its owner on this machine."""
    return list(_with_socket(stack.compose)) if stack.compose else []


def _with_socket(compose: ComposeFile) -> Iterator[str]:
    for name, service in compose.services.items():
        if any(mount.get("source") in _SOCKETS for mount in service.get("volumes") or ()):
            yield name


def _of_client(client: StackClient, source: Path | None) -> Iterator[str]:
    if client.build:
        yield f"{client.group}: builds {client.build}/Dockerfile"
    if isinstance(client.browser, Path):
        yield f"{client.group}: installs {client.browser} in an image"
    for file in (client.media.video, client.media.audio):
        if file and source and not file.is_relative_to(source.parent.resolve()):
            yield f"{client.group}: mounts {file}, outside the stack's folder"
    for word in filter(is_network, client.allow):
        yield f"{client.group}: opens its control ports to {word}, on all addresses of this machine"


def _of_services(compose: ComposeFile) -> Iterator[str]:
    for name, service in compose.services.items():
        privileges = [key for key in _PRIVILEGES if service.get(key)]
        suffix = f", with {', '.join(privileges)}" if privileges else ""
        yield f"{name}: starts a service of a Compose file{suffix}"
    for name in _with_socket(compose):
        yield f"{name}: controls the engine, through its socket"
