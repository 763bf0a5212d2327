"""Compose projects for tests, as Compose would have resolved them, without Compose."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthlab.stack import Stack
from synthlab.stack.compose_source import ComposeConfig, ComposeInput
from synthlab.stack.project import read_project


def resolved(services: Mapping[str, Any], warnings: Sequence[str] = (), **top: Any) -> ComposeConfig:
    """A Compose that resolves every file to this; `raw` is what it writes without substitution."""
    raw = top.pop("raw", {})

    def config(_options: Sequence[str], _environment: Mapping[str, str], substitute: bool) -> tuple[str, Sequence[str]]:
        read = {"name": "acme", "services": services, **top} if substitute else {"services": raw}
        return json.dumps(read), warnings

    return config


def project(
    services: Mapping[str, Any], *impair: str, environment: Mapping[str, str] | None = None, **top: Any
) -> Stack:
    """The lab of a project with these services, of which some are impaired."""
    return read_project(ComposeInput(), impair, resolved(services, **top), environment=environment or {})


def stack_with(folder: Path, text: str, services: Mapping[str, Any], **top: Any) -> Stack:
    """The stack of a file with this text beside a Compose file with these services."""
    from synthlab.stack import read_stack

    (folder / "compose.yaml").write_text("services: {}\n")
    file = folder / "lab.yaml"
    file.write_text(text)
    return read_stack(str(file), environment={}, compose=resolved(services, **top))
