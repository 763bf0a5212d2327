"""Reads the `turn:` of a stack file: a bundled TURN server, for clients whose network blocks direct connections."""

from __future__ import annotations

from ..contract import TURN_HOST
from ..errors import did_you_mean
from .apps import TURN_APPS
from .compose_source import ComposeFile
from .fields import read_version
from .model import Turn
from .yaml import Node

KEYS = ("app", "version")


def read_turn(node: Node, compose: ComposeFile | None) -> Turn:
    """The TURN server; raises WrongUse with the line."""
    keys = node.mapping(KEYS, "a TURN server such as {app: coturn}")
    if "app" not in keys:
        node.wrong(f"requires app; bundled: {', '.join(TURN_APPS)}")
    name = keys["app"].text("the name of an app")
    if name not in TURN_APPS:
        keys["app"].wrong(f"no such turn app '{name}'{did_you_mean(name, TURN_APPS)}; bundled: {', '.join(TURN_APPS)}")
    if compose and TURN_HOST in compose.services:
        node.wrong(f"the Compose file already has a service '{TURN_HOST}': rename it")
    app = TURN_APPS[name]
    version = read_version(keys["version"], app.version) if "version" in keys else app.version
    return Turn(app=name, image=f"{app.image}:{version}")
