"""Waits for a client's browser, which starts after the client is healthy."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from ..engine.containers import Container
from ..errors import SynthlabError

PATIENCE_S = 20.0
POLL_S = 0.1


def answering(client: Container, endpoint: str) -> str:
    """The browser's DevTools (CDP) address, once it answers; raises SynthlabError if it does not."""
    deadline = time.monotonic() + PATIENCE_S
    while not _answers(endpoint):
        if time.monotonic() > deadline:
            raise SynthlabError(
                f"{client.title}'s browser does not answer at {endpoint}: see `synthlab logs {client.title}`"
            )
        time.sleep(POLL_S)
    return endpoint


def _answers(endpoint: str) -> bool:
    from http.client import HTTPConnection, HTTPException  # 13 ms, which no other command should wait for

    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/json/version")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
