"""`cdp`: the DevTools address of a client's browser."""

from __future__ import annotations

import typer

from ...control.backend import Backend
from .. import console
from .options import ClientArgument, JsonOption, LabOption


def cdp(context: typer.Context, client: ClientArgument, lab: LabOption = None, json: JsonOption = False) -> None:
    """Print the DevTools address of a client's browser.

    Playwright, Puppeteer, Selenium and similar tools connect to it.

    \b
    Examples:
      synthlab cdp client1
      synthlab cdp client2 --json
    """
    from ...lab.lab import Lab

    backend: Backend = context.obj
    driven = Lab.named(backend, lab)[client]
    endpoint = driven.cdp_url
    if json:
        console.print_json({"client": driven.name, "endpoint": endpoint})
    else:
        console.print_line(endpoint)
