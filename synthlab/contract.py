"""Constants shared by host, stack, Compose file and containers: names, ports, image tags, container actions."""

from __future__ import annotations

from typing import Literal

BASE = "debian:bookworm-slim"
SYNTHETICNET = "syntheticnet:latest"

SFU_HOST = "sfu"
TURN_HOST = "turn"


def project_name(lab: str) -> str:
    """The Compose project of a lab, unless its stack fixes another."""
    return f"synthlab-{lab}"


def companion_name(server: str) -> str:
    """The name of a server's companion: `sfu-network`."""
    return f"{server}-network"


NETWORK_ALIAS = "synthlab-network-"
"""How a companion's alias in its network of a number, from 0, begins."""

API_PORT = 80
COMPANION_API_PORT = 65080
"""API port of a companion, which shares the server's network and must not take one of its ports."""
TLS_PORT = 65400
"""Port of a client's API for other machines, where a lab is spread over several."""
VNC_PORT = 5901
CDP_PORT = 9222
PROXY_PORT = 1080
"""SOCKS5 and HTTP CONNECT of a proxy, for a browser on the host."""
RELAY_PORT = 3478
"""A proxy's own TURN server, over TCP."""

TURN_PLACE = "{turn}"
"""In a page's URL, the place of a TURN server's credentials and address."""

HOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"

ContainerAction = Literal["pause", "unpause", "stop", "start", "restart"]

OWN_CAUSES = ("stalled", "kernel", "memory", "send")
"""Drop causes of the lab itself, not of any condition."""
