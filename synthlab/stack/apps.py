"""The applications that synthlab brings along: the servers and the clients that a stack names with `app:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

PageParameter = Literal["video", "turn"]
"""What a page can be told: the video that its client sends, and the address of the TURN server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SfuApp:
    """A bundled media server: its image (tagged with the version), and the page that clients open by default.

    `parameters` are what its query takes in addition, by name; one without a value is left out. A `probed` server has a
    health check in its image, for which clients wait. Who joins from outside the lab must reach its TCP ports
    `signalling` and its UDP ports `media` (`20000-20059`). `metrics` is where it publishes its own numbers, if it does.
    `least_bitrate_bps` is the lowest cap on a sender's video that it applies; None means that it has no cap. Only bots
    whose `speaks` is the same can join.
    """

    image: str
    version: str
    page: str
    speaks: str
    signalling: tuple[int, ...]
    media: str
    parameters: Mapping[str, PageParameter] = field(default_factory=dict)
    probed: bool = True
    metrics: str | None = None
    least_bitrate_bps: int | None = None

    @property
    def ports(self) -> tuple[str, ...]:
        """All that somebody outside must reach, as Compose writes them."""
        return (*map(str, self.signalling), f"{self.media}/udp")


@dataclass(frozen=True, slots=True)
class TurnApp:
    """A bundled TURN server: its image, tagged with the version."""

    image: str
    version: str


@dataclass(frozen=True, slots=True)
class ClientApp:
    """A bundled client; one with a `screen` shows itself over VNC unless it is headless.

    A `browser` opens pages, and can be driven over Chrome's debugging protocol. One that `speaks` a media
    server's own protocol joins without a page.
    """

    image: str
    screen: bool
    browser: bool = False
    speaks: str | None = None


SFU_APPS = {
    "janus": SfuApp(
        image="synthlab/janus",
        version="1.1.2",
        page="http://{sfu}:8080/?name={name}",
        parameters={"video": "video", "turn": "turn"},
        speaks="janus",
        signalling=(8080, 8188),
        media="20000-20059",
        least_bitrate_bps=64_000,
    ),
}

TURN_APPS = {
    "coturn": TurnApp("synthlab/coturn", "4.6.1"),
}

CLIENT_APPS = {
    "chrome": ClientApp("synthlab/chrome:latest", screen=True, browser=True),
    "bot": ClientApp("synthlab/bot:latest", screen=False, speaks="janus"),
}
