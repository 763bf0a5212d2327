"""Connects to an engine's clients, through their published ports or through the engine; decided once per engine."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..engine.api import EngineApi
from ..engine.containers import Container
from .addresses import api_url
from .client_api import ClientApi, HttpClientApi
from .http_connection import NOT_RUNNING

if TYPE_CHECKING:
    from ..engine.lab_access import LabAccess
    from .exec_tunnel import Relay

LOOK_S = 0.5
UNPUBLISHED = "http://localhost"
CONTAINER_HEADER = "x-synthlab-container"


def leads_to(url: str, container: str) -> bool:
    """Whether the container with this id answers at `url`; another engine may have published the same port here."""
    from http.client import HTTPConnection, HTTPException

    parts = urlsplit(url)
    if not parts.hostname:
        return False
    connection = HTTPConnection(parts.hostname, parts.port, timeout=LOOK_S)
    try:
        connection.request("GET", "/v1/clock")
        answer = connection.getresponse()
        return answer.status == 200 and answer.getheader(CONTAINER_HEADER) == container
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def is_near(container: Container) -> bool:
    """Whether a running container's ports open on this machine."""
    return not container.node and leads_to(api_url(container) or "", container.id)


class ClientConnections:
    """The APIs of one engine's containers. The first request to any of them decides the route for all."""

    def __init__(
        self,
        engine: EngineApi,
        leads: Callable[[str, str], bool] = leads_to,
        relay: Callable[[Container], Relay] | None = None,
    ) -> None:
        self._leads = leads
        self._make_relay = relay or partial(_relay_into, engine)
        self._deciding = threading.Lock()
        self._by_port: bool | None = None
        self._relays: dict[tuple[str, int], Relay] = {}
        self._made: dict[tuple[str, int, str | None], HttpClientApi] = {}
        self._engine = engine
        self._accesses: dict[tuple[str, str], LabAccess | None] = {}

    def api(self, container: Container) -> ClientApi:
        """A container's API: the same object for the same container and URL, so that its connection is reused."""
        url, running = api_url(container), container.state == "running"
        if not container.node and running:
            # Without a published port, requests go through the engine; the address only completes their text.
            url = url or UNPUBLISHED
        place = container.id, container.number, url
        if place not in self._made:
            if container.node:
                absent = _unknown_port(container) if running else NOT_RUNNING
                access = self._access(container)
                self._made[place] = HttpClientApi(container.client, url, access=access, absent=absent)
            else:
                self._made[place] = HttpClientApi(container.client, url, relay=lambda: self._relay(container))
        return self._made[place]

    def _access(self, container: Container) -> LabAccess | None:
        """What opens the APIs of a lab on several machines; made anew for each `up`."""
        lab = container.lab, container.made_by
        if lab not in self._accesses:
            self._accesses[lab] = self._engine.access(container.lab)
        return self._accesses[lab]

    def close(self) -> None:
        for remote in list(self._made.values()):
            remote.close()

    def _relay(self, container: Container) -> Relay | None:
        """A relay to the container; None if its published port can be reached.

        A container that publishes none, as on internal networks alone, needs one always.
        """
        with self._deciding:
            if url := api_url(container):
                if self._by_port is None:
                    self._by_port = self._leads(url, container.id)
                if self._by_port:
                    return None
            place = container.id, container.number
            if place not in self._relays:
                self._relays[place] = self._make_relay(container)
            return self._relays[place]


def _unknown_port(container: Container) -> str:
    """A swarm forgets the ports of the containers that run on while the engine of its manager is started again."""
    return (
        f"the swarm no longer knows its port, and {container.node} is out of reach: create a context called "
        f"{container.node}, or run `synthlab restart {container.title}`"
    )


def _relay_into(engine: EngineApi, container: Container) -> Relay:
    from .exec_tunnel import Relay

    relay = Relay.into(container, engine)
    atexit.register(relay.close)
    return relay
