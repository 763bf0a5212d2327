"""Lists what a stack does with the user's rights, apart from running containers in an isolated lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .allow import is_network
from .model import Sfu, Stack, StackClient

_PRIVILEGES = ("volumes", "privileged", "devices", "cap_add", "network_mode", "pid", "ipc", "security_opt", "build")


def stack_acts(stack: Stack) -> Iterator[str]:
    """One line per action; clients of one group share theirs."""
    lines = [line for client in stack.clients for line in _of_client(client, stack.source)]
    if isinstance(stack.sfu, Sfu):
        lines += _of_sfu(stack.sfu)
    if stack.sfu and stack.sfu.metrics and "://sfu" not in stack.sfu.metrics:
        lines.append(f"sfu: sends requests to {stack.sfu.metrics} from this machine")
    lines += [f"reads the environment variable {name}" for name in stack.environment]
    yield from dict.fromkeys(lines)


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


def _of_sfu(sfu: Sfu) -> Iterator[str]:
    for name, service in (sfu.compose.services if sfu.compose else {}).items():
        privileges = [key for key in _PRIVILEGES if service.get(key)]
        suffix = f", with {', '.join(privileges)}" if privileges else ""
        yield f"sfu: starts the service {name} of a Compose file{suffix}"
    if sfu.ports and sfu.join not in (None, "127.0.0.1"):
        yield f"sfu: publishes its ports on {sfu.join}"
