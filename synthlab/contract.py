"""What host, stack, Compose file and containers agree on: names, ports, image tags, actions on containers."""

from __future__ import annotations

from typing import Literal

BASE = "debian:bookworm-slim"
SYNTHETICNET = "syntheticnet:latest"

SFU_HOST = "sfu"
TURN_HOST = "turn"

API_PORT = 80
COMPANION_API_PORT = 65080
"""Of a container that holds another's network: the ports of that one are not ours to take."""
VNC_PORT = 5901
CDP_PORT = 9222

HOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"

ContainerAction = Literal["pause", "unpause", "stop", "start", "restart"]

OWN_CAUSES = ("stalled", "kernel", "memory", "send")
"""Why the lab itself discards packets, which no condition asked for."""
