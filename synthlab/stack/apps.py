"""The bundled applications: servers and clients a stack names with `app:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

PageParameter = Literal["video", "turn", "relay"]
"""Values a page can receive: the client's video format, the TURN server's address, `tcp` if all media must take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SfuApp:
    """A bundled media server: its image, tagged with the version, and the page clients open by default.

    `parameters`: further query parameters of the page by name; one without a value is left out. `probed`: the image
    has a health check, and clients wait for it. `signalling` (TCP) and `media` (UDP, `20000-20059`): ports that
    participants outside the lab must reach. `metrics`: URL of the server's metrics. `least_bitrate_bps`: lowest cap on
    a sender's video the server applies; None: no cap supported. `speaks`: signalling protocol, which bots must share.
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
        """All ports to publish, in Compose's syntax."""
        return (*map(str, self.signalling), f"{self.media}/udp")


@dataclass(frozen=True, slots=True)
class TurnApp:
    """A bundled TURN server: its image, tagged with the version."""

    image: str
    version: str


@dataclass(frozen=True, slots=True)
class ClientApp:
    """A bundled client. `screen`: has a VNC screen unless headless.

    `browser`: opens pages and can be controlled over the DevTools protocol. `speaks`: the signalling protocol of a
    client that joins without a page. `proxy`: its network is for a browser outside the lab.
    """

    image: str
    screen: bool
    browser: bool = False
    speaks: str | None = None
    proxy: bool = False


NO_NUMBERS = "its numbers of WebRTC are in your own browser, not in the lab"
"""Of a proxy."""

SFU_APPS = {
    "janus": SfuApp(
        image="synthlab/janus",
        version="1.1.2",
        page="http://{sfu}:8080/?name={name}",
        parameters={"video": "video", "turn": "turn", "relay": "relay"},
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
    "proxy": ClientApp("synthlab/proxy:latest", screen=False, proxy=True),
}
