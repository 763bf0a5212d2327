"""A backend in memory, for the commands and the Python API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..contract import API_PORT
from ..control.backend import Backend
from ..engine.clock import MACHINE, Clock
from .client_api import FakeClientApi
from .containers import fake_container
from .engine import FakeEngine


def fake_backend(
    *labs: str, groups: Mapping[str, str] | None = None, clock: Clock = MACHINE
) -> tuple[Backend, dict[str, FakeClientApi]]:
    """A backend with these labs, and the APIs of their clients by container id, such as `call/client1`.

    Each lab has client1, client2, and the clients of `groups`, which maps a client to its group.
    """
    clients = [("client1", "client1"), ("client2", "client2"), *((groups or {}).items())]
    containers = [
        replace(fake_container(lab, name, group), index=index, ports={API_PORT: 2999 + index})
        for lab in labs
        for index, (name, group) in enumerate(clients, 1)
    ]
    apis = {container.id: FakeClientApi(container.client, clock=clock) for container in containers}
    return Backend(FakeEngine(containers), lambda container: apis[container.id], clock=clock), apis
