"""`cdp`: the DevTools address of a client's browser."""

from __future__ import annotations

import typer

from ...contract import CDP_PORT
from ...control import addresses
from ...control.backend import Backend
from ...control.browser import answering
from ...control.container_lookup import find_member
from .. import console
from ..carried import reached
from .options import ClientArgument, JsonOption, LabOption


def cdp(context: typer.Context, client: ClientArgument, lab: LabOption = None, json: JsonOption = False) -> None:
    """Print the DevTools address of a client's browser.

    Playwright, Puppeteer, Selenium and similar tools connect to it. Where the client is on another machine, this
    command carries their connections, until Ctrl-C.

    \b
    Examples:
      synthlab cdp client1
      synthlab cdp client2 --json
    """
    backend: Backend = context.obj
    name, members = backend.members(lab)
    container = find_member(name, members, client)
    addresses.check_debugger(container)
    with reached(backend, container, CDP_PORT, addresses.debugging) as endpoint:
        if container.node or backend.is_near(container):
            answering(container, endpoint)
        if json:
            console.print_json_line({"client": container.title, "endpoint": endpoint})
        else:
            console.print_text(f"{endpoint}\n")
