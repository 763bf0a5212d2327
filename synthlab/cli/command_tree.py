"""All commands, with the headings and in the order of `synthlab --help`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import typer

from . import usage
from .commands import (
    browser,
    capture,
    checks,
    clients,
    completion,
    conditions,
    expect,
    images,
    labs,
    listing,
    partition,
    profiles,
    running,
    scenarios,
    stats,
    top,
)

TREE: Mapping[str, Mapping[str, Callable[..., None] | typer.Typer]] = {
    "Start": {
        "demo": labs.demo,
        "doctor": checks.doctor,
        "selftest": checks.selftest,
        "completion": completion.completion,
    },
    "Lab": {
        "up": labs.up,
        "down": labs.down,
        "ps": listing.ps,
        "ls": listing.ls,
        "render": labs.render,
        "start": running.start,
        "stop": running.stop,
        "restart": running.restart,
        "pause": running.pause,
        "unpause": running.unpause,
        "exec": clients.exec_,
        "logs": clients.logs,
    },
    "Network": {
        "set": conditions.set_,
        "reset": conditions.reset,
        "show": conditions.show,
        "top": top.top,
        "partition": partition.partition,
    },
    "Look": {
        "stats": stats.stats,
        "expect": expect.expect,
        "capture": capture.capture,
        "open": clients.open_,
        "cdp": browser.cdp,
    },
    "Groups": {
        "scenario": scenarios.scenario,
        "profile": profiles.profile,
        "images": images.images,
    },
}


def add_commands(app: typer.Typer) -> None:
    """Add every command and group to `app`."""
    for heading, commands in TREE.items():
        for name, command in commands.items():
            if isinstance(command, typer.Typer):
                app.add_typer(command, name=name, cls=usage.Group, rich_help_panel=heading)
                _use_our_class(command)
            else:
                app.command(name, cls=usage.Command, rich_help_panel=heading)(command)


def _use_our_class(group: typer.Typer) -> None:
    for registered in group.registered_commands:
        registered.cls = usage.Command
