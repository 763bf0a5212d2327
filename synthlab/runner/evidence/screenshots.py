"""Takes screenshots of a client's browser, from inside its container."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from ...contract import CDP_PORT
from ...engine.api import EngineApi
from ...engine.containers import Container
from ...engine.exec import SYSTEM_PYTHON, output_of

# Longer than guest/screenshot.py waits for a page, so that its reasons arrive; shorter than COLLECT_S for all evidence.
PATIENCE_S = 9.0


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A page as PNG, or the `error` why there is no picture. `thumbnail` is a small JPEG in base64."""

    url: str
    png: bytes = b""
    error: str = ""
    thumbnail: str = ""


def has_browser(container: Container) -> bool:
    return container.app == "chrome" or container.opens(CDP_PORT)


def screenshots(engine: EngineApi, container: Container) -> list[Screenshot]:
    """A picture of each page, in the order they were opened; raises SynthlabError if no browser answers."""
    output = output_of(engine.start_program(container, "screenshot", python=SYSTEM_PYTHON), PATIENCE_S)
    return [read_picture(line) for line in output.splitlines()]


def read_picture(line: str) -> Screenshot:
    """Parse one line of the output of `guest/screenshot.py`."""
    answer = json.loads(line)
    png = base64.b64decode(answer.get("png", ""))
    return Screenshot(answer["url"], png, answer.get("error", ""), answer.get("thumbnail", ""))
