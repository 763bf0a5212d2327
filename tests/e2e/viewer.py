"""A Chromium that sees the ports of this machine, as a person's browser does, in a container of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, Playwright

from synthlab.deploy.images import versioned

from .labs import docker, until

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "about:blank")


@contextmanager
def viewer(name: str, playwright: Playwright) -> Iterator[Browser]:
    """`name` is the container's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run = ("run", "--detach", "--init", "--name", name, "--network", "host", "--entrypoint", "chromium")
    docker(*run, versioned("synthlab/chrome"), f"--remote-debugging-port={port}", *FLAGS)
    try:
        found = list[Browser]()

        def connected() -> bool:
            try:
                found.append(playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}"))
            except Error:
                return False
            return True

        until(connected, 20)
        yield found[0]
        found[0].close()
    finally:
        docker("rm", "--force", name)
