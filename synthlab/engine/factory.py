"""Makes the engine that all of synthlab uses; it imports no SDK, so shell completion can use it too."""

from __future__ import annotations

from .api import EngineApi
from .docker_engine import Engine
from .swarm_engine import SwarmEngine

SWARM = "swarm"
ENGINES = (Engine.command, SWARM)
"""Where a lab runs: on one machine, or on the nodes of a swarm."""


def make_engine() -> EngineApi:
    """An engine that connects on its first call."""
    return SwarmEngine()
