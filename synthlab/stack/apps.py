"""The applications that synthlab brings along: the servers and the clients that a stack names with `app:`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SfuApp:
    """A bundled media server: its image (tagged with the version), and the page that clients open by default.

    Who joins from outside the lab must reach its `ports`.
    """

    image: str
    version: str
    page: str
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TurnApp:
    """A bundled TURN server: its image, tagged with the version."""

    image: str
    version: str


@dataclass(frozen=True, slots=True)
class ClientApp:
    """A bundled client; one with a `screen` shows itself over VNC unless it is headless.

    A `browser` opens pages, and can be driven over Chrome's debugging protocol.
    """

    image: str
    screen: bool
    browser: bool = False


SFU_APPS = {
    "janus": SfuApp("synthlab/janus", "1.1.2", "http://{sfu}:8080/?name={name}", ("8080", "8188", "20000-20059/udp")),
}

TURN_APPS = {
    "coturn": TurnApp("synthlab/coturn", "4.6.1"),
}

CLIENT_APPS = {
    "chrome": ClientApp("synthlab/chrome:latest", screen=True, browser=True),
    "bot": ClientApp("synthlab/bot:latest", screen=False),
}
