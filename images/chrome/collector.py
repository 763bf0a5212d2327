"""Reads the connections of whatever pages run in Chromium, and reports their numbers every second.

It also opens the client's pages: only so is it sure to be there before a page's first connection.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from urllib.error import URLError
from urllib.request import urlopen

import websockets

from .api import Api
from .client import Client
from .devtools import Devtools, Refused
from .flags import DEBUG_PORT
from .numbers import Sample, numbers
from .targets import Crashed, Targets

_INTERVAL_S = 1.0
_RETRY_S = 1.0
_POLL_S = 0.1
_FAREWELL_S = 1.0
_ASKED_FOR = ("camera", "microphone")


class Closed(Exception):
    """The browser ended the connection."""


def main() -> int:
    try:
        asyncio.run(_collect(Client.from_environ(os.environ)))
    except* Crashed as crash:
        _log(str(crash.exceptions[0]))
    except* (Closed, websockets.ConnectionClosed):
        # Chromium itself is about to end: let its own status be the one that is reported.
        time.sleep(_FAREWELL_S)
    return 1


async def _collect(client: Client) -> None:
    """Never returns; raises when the browser or the page is gone."""
    async with websockets.connect(await _endpoint(), max_size=None, ping_interval=None) as socket:
        devtools = Devtools(socket)
        targets = Targets(devtools)
        async with asyncio.TaskGroup() as group:
            group.create_task(_listen(devtools, targets))
            group.create_task(_open_all(client, devtools, targets))
            group.create_task(_report(targets, Api(client.api)))


async def _endpoint() -> str:
    """The address of the browser's WebSocket, once the browser is there."""
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{DEBUG_PORT}/json/version") as answer:
                return str(json.load(answer)["webSocketDebuggerUrl"])
        except URLError:
            await asyncio.sleep(_POLL_S)


async def _listen(devtools: Devtools, targets: Targets) -> None:
    async for event in devtools.events():
        targets.hear(event)
    raise Closed


async def _open_all(client: Client, devtools: Devtools, targets: Targets) -> None:
    await _permit(client.permissions, devtools)
    await targets.attach()
    pages = [(client.url, await targets.first_page)]
    pages += [(url, await targets.open_tab()) for url in client.tabs]
    await asyncio.gather(*(_open(url, session, devtools) for url, session in pages))


async def _permit(permissions: Mapping[str, tuple[str, ...]] | None, devtools: Devtools) -> None:
    """Let pages use what is listed; and refuse them camera and microphone, which are asked for at nobody."""
    if permissions is None:
        return
    settings = [("*", name, "denied") for name in _ASKED_FOR]
    settings += [(origin, name, "granted") for origin, names in permissions.items() for name in names]
    for origin, name, setting in settings:
        where = {} if origin == "*" else {"origin": origin}
        try:
            await devtools.call("Browser.setPermission", permission={"name": name}, setting=setting, **where)
        except Refused as error:
            _log(f"permission {name}: {error}")


async def _open(url: str, session: str, devtools: Devtools) -> None:
    """Lead a page to an address, again and again until its server is there."""
    reported = None
    while error := (await devtools.call("Page.navigate", session, url=url)).get("errorText"):
        if error != reported:
            _log(f"{url}: {error}; trying on")
        reported = error
        await asyncio.sleep(_RETRY_S)


async def _report(targets: Targets, api: Api) -> None:
    clock = asyncio.get_running_loop()
    before: Sample = {}
    while True:
        due = clock.time() + _INTERVAL_S
        after = await targets.sample()
        await asyncio.to_thread(api.post, numbers(before, after))
        before = after
        await asyncio.sleep(due - clock.time())


def _log(text: str) -> None:
    print(f"collector: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
