"""All commands, with the headings and in the order of `synthlab --help`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import typer

from . import usage

TREE: Mapping[str, Mapping[str, str]] = {
    "Start": {
        "init": "init.init",
        "demo": "labs.demo",
        "doctor": "checks.doctor",
        "selftest": "checks.selftest",
        "completion": "completion.completion",
    },
    "Lab": {
        "up": "labs.up",
        "down": "labs.down",
        "ps": "listing.ps",
        "ls": "listing.ls",
        "render": "labs.render",
        "test": "suite.suite",
        "start": "running.start",
        "stop": "running.stop",
        "restart": "running.restart",
        "pause": "running.pause",
        "unpause": "running.unpause",
        "exec": "clients.exec_",
        "logs": "clients.logs",
    },
    "Network": {
        "set": "conditions.set_",
        "reset": "conditions.reset",
        "show": "conditions.show",
        "top": "top.top",
        "ping": "ping.ping",
        "partition": "partition.partition",
        "roam": "roam.roam",
    },
    "Look": {
        "stats": "stats.stats",
        "expect": "expect.expect",
        "capture": "capture.capture",
        "open": "clients.open_",
        "cdp": "browser.cdp",
        "dashboard": "dashboard.dashboard",
    },
    "Groups": {
        "scenario": "scenarios.scenario",
        "profile": "profiles.profile",
        "trace": "traces.trace",
        "images": "images.images",
    },
}
"""Each command or group as `module.name` in `commands`."""


def add_commands(app: typer.Typer, only: str | None = None) -> None:
    """Add every command and group to `app`, or only the one called `only`: that saves importing all others."""
    for heading, commands in TREE.items():
        for name, place in commands.items():
            if name == (only or name):
                _add(app, name, place, heading)


def has_command(name: str | None) -> bool:
    """Whether there is a command or group of this name."""
    return any(name in commands for commands in TREE.values())


def _add(app: typer.Typer, name: str, place: str, heading: str) -> None:
    module, _, attribute = place.partition(".")
    command = getattr(import_module(f".commands.{module}", __package__), attribute)
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name, cls=usage.Group, rich_help_panel=heading)
        for registered in command.registered_commands:
            registered.cls = usage.Command
    else:
        app.command(name, cls=usage.Command, rich_help_panel=heading)(command)
