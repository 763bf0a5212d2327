"""What a stack does with the rights of whoever brings it up, beside running containers in a lab of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .allow import is_network
from .model import Client, Sfu, Stack

_GRASPING = ("volumes", "privileged", "devices", "cap_add", "network_mode", "pid", "ipc", "security_opt", "build")


def stack_acts(stack: Stack) -> Iterator[str]:
    """One line for each; the same for a client and the others of its group."""
    lines = [line for client in stack.clients for line in _of_client(client, stack.source)]
    if isinstance(stack.sfu, Sfu):
        lines += _of_sfu(stack.sfu)
    if stack.sfu and stack.sfu.metrics and "://sfu" not in stack.sfu.metrics:
        lines.append(f"sfu: asks {stack.sfu.metrics} from this machine")
    lines += [f"reads the variable {name} of your environment" for name in stack.environment]
    yield from dict.fromkeys(lines)


def _of_client(client: Client, source: Path | None) -> Iterator[str]:
    if client.build:
        yield f"{client.group}: builds {client.build}/Dockerfile"
    if isinstance(client.browser, Path):
        yield f"{client.group}: installs {client.browser} in an image"
    for file in (client.media.video, client.media.audio):
        if file and source and not file.is_relative_to(source.parent.resolve()):
            yield f"{client.group}: mounts {file}, outside of its folder"
    for word in filter(is_network, client.allow):
        yield f"{client.group}: opens its control ports to {word}, on all addresses of this machine"


def _of_sfu(sfu: Sfu) -> Iterator[str]:
    for name, service in (sfu.compose.services if sfu.compose else {}).items():
        grasped = [key for key in _GRASPING if service.get(key)]
        suffix = f", with {', '.join(grasped)}" if grasped else ""
        yield f"sfu: starts the service {name} of a Compose file{suffix}"
    if sfu.ports and sfu.join not in (None, "127.0.0.1"):
        yield f"sfu: publishes its ports on {sfu.join}"
