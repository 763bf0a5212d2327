"""Checks which of the engine's tools this machine has."""

from __future__ import annotations

import shutil

from ..errors import SynthlabError
from .api import Tool
from .process import run_program

TIMEOUT_S = 20

_ASK: dict[Tool, tuple[str, ...]] = {
    "engine": ("version", "--format", "{{.Server.Version}}"),
    "compose": ("compose", "version", "--short"),
    "buildx": ("buildx", "version"),
}


class ToolCommands:
    """The tool checks of EngineApi."""

    command: str

    def has_command(self) -> bool:
        return shutil.which(self.command) is not None

    def tool_version(self, tool: Tool) -> str | None:
        lines: list[str] = []
        try:
            finished = run_program([self.command, *_ASK[tool]], on_line=lines.append, timeout_s=TIMEOUT_S)
        except SynthlabError:
            return None
        return lines[0] if lines and finished.status == 0 else None
