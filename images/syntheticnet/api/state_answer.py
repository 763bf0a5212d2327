"""The state of a client as the API answers it: the forwarder's report, and who the client is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..conditions import Conditions
from ..version import VERSION
from .app_stats import AppStats


@dataclass(frozen=True)
class Identity:
    """The client's name, its lab and startup conditions; `container` is the container's id in the engine.

    `self_control`: the application may change its own network. `screen_port` is the host's port of its screen; 0 if the
    engine has chosen it, None without a screen.
    """

    name: str
    lab: str
    startup: Conditions
    container: str = ""
    self_control: bool = False
    screen_port: int | None = None


class StateAnswer:
    """Makes states from reports; the application's own problem comes from its stats."""

    def __init__(self, identity: Identity, stats: AppStats) -> None:
        self._identity = identity
        self._stats = stats
        self.startup = identity.startup.to_dict()

    def of(self, report: Mapping[str, Any], may_change: bool = True) -> dict[str, Any]:
        """`may_change`: whether the caller may change conditions, as everybody may who gets an answer to a change."""
        return {
            "version": VERSION,
            "name": self._identity.name,
            "lab": self._identity.lab,
            "startup": self.startup,
            "seed": report["conditions"]["seed"],
            "problem": self._stats.problem(),
            "self_control": self._identity.self_control,
            "screen_port": self._identity.screen_port,
            "may_change": may_change,
            **report,
        }
