"""Debian's chromedriver in the version of the bundled browser, on this machine's loopback."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

from .labs import docker

IMAGE, NAME = "e2e-chromedriver", "e2e-chromedriver"
RECIPE = """\
FROM synthlab/chrome
USER root
RUN apt-get update && apt-get install -y --no-install-recommends chromium-driver && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["chromedriver"]
"""
READY_S = 20.0


@contextmanager
def chromedriver() -> Iterator[str]:
    """Its URL; chromedriver and its image are removed afterwards."""
    subprocess.run(
        ["docker", "build", "-q", "-t", IMAGE, "-"], input=RECIPE, text=True, check=True, capture_output=True
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    docker("run", "-d", "--rm", "--name", NAME, "--network", "host", IMAGE, f"--port={port}")
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        docker("rm", "-f", NAME)
        docker("image", "rm", "-f", IMAGE)


def _wait(port: int) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/status")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError(f"chromedriver does not answer; it wrote: {docker('logs', NAME)}")
