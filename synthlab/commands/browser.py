"""`cdp`: where a client's browser can be driven from."""

from __future__ import annotations

import time
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import typer

from .. import addresses, console
from ..errors import SynthlabError
from ..members import find_member
from ..world import World
from .options import ClientArgument, JsonOption, LabOption

# A client is healthy before its browser has started.
PATIENCE_S = 20.0
POLL_S = 0.1


def cdp(context: typer.Context, client: ClientArgument, lab: LabOption = None, json: JsonOption = False) -> None:
    """Print where a client's browser is driven from: by Playwright, Puppeteer, Selenium and the like.

    \b
    Examples:
      synthlab cdp client1
      synthlab cdp client2 --json
    """
    world: World = context.obj
    name, members = world.members(lab)
    container = find_member(name, members, client)
    endpoint = addresses.debugging(container)
    if not world.is_near(container):
        raise addresses.far_away(container, endpoint, world.engine.address())
    if not wait_for_browser(endpoint, PATIENCE_S):
        raise SynthlabError(f"{container.title}'s browser does not answer at {endpoint}: see `synthlab logs {client}`")
    if json:
        console.print_json({"client": container.title, "endpoint": endpoint})
    else:
        console.print_line(endpoint)


def wait_for_browser(endpoint: str, patience_s: float) -> bool:
    """Whether a browser answers there within so long."""
    deadline = time.monotonic() + patience_s
    while not _answers(endpoint, patience_s):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _answers(endpoint: str, timeout_s: float) -> bool:
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=timeout_s)
    try:
        connection.request("GET", "/json/version")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
