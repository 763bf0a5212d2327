"""The world outside the CLI, in one object that a test replaces: the engine, and the clients' APIs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .containers import Container, Engine, EngineApi
from .lab import Lab, choose_lab, lab_of, remote_of
from .remote import ClientApi


@dataclass(frozen=True, slots=True)
class World:
    """Where commands find labs and reach their clients."""

    engine: EngineApi
    api: Callable[[Container], ClientApi] = remote_of

    def lab(self, wanted: str | None) -> Lab:
        """The running lab that a command means; raises WrongUse when that is not clear."""
        containers = self.engine.containers()
        name = choose_lab((container.lab for container in containers), wanted)
        return lab_of(name, [container for container in containers if container.lab == name], self.api)


def real_world() -> World:
    """Docker, and HTTP to the clients."""
    return World(Engine())
