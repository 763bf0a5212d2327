"""Leftovers of a lab on the engine and on the host."""

from __future__ import annotations

import subprocess
from pathlib import Path


def leftovers(lab: str) -> list[str]:
    """Every container, network and volume with the lab's label or name, and every process still working on it."""
    project = f"synthlab-{lab}"
    found = _docker("ps", "--all", "--quiet", "--filter", f"label=synthlab.lab={lab}")
    found += _docker("ps", "--all", "--quiet", "--filter", f"name={project}")
    found += _docker("network", "ls", "--quiet", "--filter", f"name={project}")
    found += _docker("volume", "ls", "--quiet", "--filter", f"name={project}_")
    return found + [command for command in _commands() if project in command.split()]


def _docker(*arguments: str) -> list[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.split()


def _commands() -> list[str]:
    commands = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            commands.append(file.read_text().replace("\0", " "))
        except OSError:
            continue  # it has exited meanwhile
    return commands
