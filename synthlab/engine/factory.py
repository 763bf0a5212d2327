"""Makes the engine that all of synthlab uses; it imports no SDK, so shell completion can use it too."""

from __future__ import annotations

from .api import EngineApi
from .swarm_engine import SwarmEngine


def make_engine() -> EngineApi:
    """An engine that connects on its first call."""
    return SwarmEngine()
