"""Pictures of what a client's browser shows, taken inside its container."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from ...contract import CDP_PORT
from ...engine.api import EngineApi
from ...engine.containers import Container
from ...engine.exec import SYSTEM_PYTHON, output_of

PATIENCE_S = 9.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A page, as PNG; or, where it shows nothing any more, why."""

    url: str
    png: bytes = b""
    error: str = ""


def has_browser(container: Container) -> bool:
    return container.app == "chrome" or CDP_PORT in container.ports


def screenshots(engine: EngineApi, container: Container) -> list[Picture]:
    """A picture of each page, in the order in which they were opened; raises SynthlabError if no browser answers."""
    output = output_of(engine.start_program(container, "screenshot", python=SYSTEM_PYTHON), PATIENCE_S)
    return [read_picture(line) for line in output.splitlines()]


def read_picture(line: str) -> Picture:
    """One line of what `inside/screenshot.py` prints."""
    told = json.loads(line)
    return Picture(told["url"], base64.b64decode(told.get("png", "")), told.get("error", ""))
