"""How to start a browser of one's own that takes part in a lab through a proxy."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..contract import HOST, PROXY_PORT, RELAY_PORT, TURN_PLACE
from ..engine.containers import Container
from ..stack.apps import CLIENT_APPS

_LOOPBACK = ("localhost", HOST, "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxiedBrowser:
    """What a browser needs to take part as `client`.

    `proxy` and `turn` are addresses on this machine, `page` is the URL to open, None if the stack names none. `flags`
    are the stack's, for the browser.
    """

    client: str
    lab: str
    proxy: str
    turn: str
    user: str
    password: str
    page: str | None = None
    flags: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """A shell command that starts Chromium.

        Chromium sends no UDP of its own then: WebRTC must take the TURN server, so that nothing passes unconditioned.
        """
        profile = Path(tempfile.gettempdir()) / f"synthlab-{self.lab}-{self.client}"
        return shlex.join(
            [
                "chromium",
                f"--proxy-server=socks5://{self.proxy}",
                "--webrtc-ip-handling-policy=disable_non_proxied_udp",
                f"--user-data-dir={profile}",
                *(f"--unsafely-treat-insecure-origin-as-secure={origin}" for origin in self._insecure()),
                *self.flags,
                *([self.page] if self.page else []),
            ]
        )

    @property
    def ice(self) -> dict[str, Any]:
        """The options with which a page of one's own creates its RTCPeerConnection."""
        server = {"urls": f"turn:{self.turn}?transport=tcp", "username": self.user, "credential": self.password}
        return {"iceServers": [server], "iceTransportPolicy": "relay"}

    def to_dict(self) -> dict[str, Any]:
        return {"command": self.command, "proxy": self.proxy, "turn": self.turn, "page": self.page, "ice": self.ice}

    def _insecure(self) -> list[str]:
        """The page's origin, if plain HTTP would deny it the camera."""
        parts = urlsplit(self.page or "")
        return [f"http://{parts.netloc}"] if parts.scheme == "http" and parts.hostname not in _LOOPBACK else []


def is_proxy(container: Container) -> bool:
    """Whether the container is the network of a browser outside the lab."""
    app = CLIENT_APPS.get(container.app)
    return container.role == "client" and app is not None and app.proxy


def proxied_browser(container: Container, environment: Mapping[str, str]) -> ProxiedBrowser | None:
    """For a container with this environment; None for one that is no proxy, or does not run."""
    ports = container.ports
    if not is_proxy(container) or container.state != "running" or not {PROXY_PORT, RELAY_PORT} <= ports.keys():
        return None
    turn = f"{HOST}:{ports[RELAY_PORT]}"
    user, _, password = environment["SYNTHLAB_RELAY"].partition(":")
    page = environment.get("SYNTHLAB_URL")
    return ProxiedBrowser(
        client=container.title,
        lab=container.lab,
        proxy=f"{HOST}:{ports[PROXY_PORT]}",
        turn=turn,
        user=user,
        password=password,
        page=page.replace(TURN_PLACE, f"{user}:{password}@{turn}") if page else None,
        flags=tuple(json.loads(environment.get("SYNTHLAB_FLAGS", "[]"))),
    )
