"""A browser in this machine's own network that takes part through a client with `app: proxy`, as `open` says."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from playwright.sync_api import Error, Page, Playwright

from synthlab.deploy.images import versioned

from .labs import docker, synthlab

# The browser runs in a container of the host's network, as this machine need not have one.
IN_A_CONTAINER = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
_REMEMBER = """
globalThis.connections = [];
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); connections.push(this); }
};
"""
# Of each connection its round trips and the kind of path; frames received by all.
_LOOK = """async () => {
  const paths = [];
  let frames = 0;
  for (const connection of connections) {
    if (connection.connectionState !== "connected") continue;
    const rows = [...(await connection.getStats()).values()];
    const pair = rows.find(({ id }) => id === rows.find(({ type }) => type === "transport").selectedCandidatePairId);
    const local = rows.find(({ id }) => id === pair.localCandidateId);
    const reported = rows.filter(({ type }) => type === "remote-inbound-rtp").map((row) => row.roundTripTime);
    paths.push({ rtt_s: pair.currentRoundTripTime, pings: pair.responsesReceived, reported_s: reported,
                 kind: `${local.candidateType} ${local.relayProtocol}` });
    for (const { framesDecoded } of rows.filter(({ type }) => type === "inbound-rtp")) frames += framesDecoded ?? 0;
  }
  return { paths, frames };
}"""


def how_to_start(client: str, lab: str) -> dict[str, Any]:
    """What `synthlab open --json` says of a browser."""
    browser: dict[str, Any] = json.loads(synthlab("open", client, "--print", "--json", "--lab", lab).stdout)["browser"]
    return browser


@contextmanager
def own_browser(playwright: Playwright, name: str, told: dict[str, Any], *flags: str) -> Iterator[Page]:
    """Its page, opened by the command that was told; the container is called `name`."""
    program, *words, page = shlex.split(told["command"])
    assert (program, page) == ("chromium", told["page"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = (*IN_A_CONTAINER, *CAMERA, f"--remote-debugging-port={port}", *words, *flags, "about:blank")
    run = ("run", "-d", "--rm", "--init", "--name", name, "--network", "host", "--user", "app", "--entrypoint", program)
    docker(*run, versioned("synthlab/chrome"), *options)
    try:
        opened = _connected(playwright, port)
        opened.add_init_script(_REMEMBER)
        opened.goto(page)
        yield opened
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)


def look(page: Page) -> dict[str, Any]:
    """Paths and frames of its connections at this moment."""
    seen: dict[str, Any] = page.evaluate(_LOOK)
    return seen


def _connected(playwright: Playwright, port: int) -> Page:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(Error):
            return playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}").contexts[0].pages[0]
        time.sleep(0.1)
    raise AssertionError("the browser does not answer")
