"""A docker command in place of the real one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def docker_command(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a docker command that runs this shell script into the path."""
    file = folder / "docker"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
