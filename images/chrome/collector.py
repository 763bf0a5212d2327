"""Samples the RTCPeerConnections of every page in Chromium and reports their stats four times a second.

It also opens the client's pages, so that it is attached before a page's first connection and first error.
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

from . import readiness
from .api import PageReporter
from .client import BrowserSettings
from .console import BrowserConsole
from .devtools import Devtools, DevToolsError
from .flags import DEBUG_PORT
from .freezes import Freezes
from .opening import Opening
from .pictures import PictureTurns
from .recent import RecentStats
from .stats import stats
from .targets import Crashed, Targets

_INTERVAL_S = 0.25
_PICTURE_S = 0.95
_POLL_S = 0.1
_FAREWELL_S = 1.0
_ASKED_FOR = ("camera", "microphone")


class Closed(Exception):
    """The browser closed the connection."""


def main() -> int:
    try:
        asyncio.run(_collect(BrowserSettings.from_environ(os.environ)))
    except* Crashed as crash:
        _log(str(crash.exceptions[0]))
    except* (Closed, websockets.ConnectionClosed):
        # Chromium is about to exit too: wait, so that its status is the one reported.
        time.sleep(_FAREWELL_S)
    return 1


async def _collect(client: BrowserSettings) -> None:
    """Never returns; raises Crashed, Closed or ConnectionClosed."""
    async with websockets.connect(await _endpoint(), max_size=None, ping_interval=None) as socket:
        devtools = Devtools(socket)
        targets, console, opening = Targets(devtools), BrowserConsole(), Opening(devtools)
        ready, api = asyncio.Event(), PageReporter(client.api)
        async with asyncio.TaskGroup() as group:
            group.create_task(_listen(devtools, targets, console))
            group.create_task(_open_all(client, devtools, targets, opening, ready))
            group.create_task(_mark_ready(ready))
            group.create_task(_report(targets, console, opening, api))


async def _endpoint() -> str:
    """The browser's WebSocket URL; waits for the browser to start."""
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{DEBUG_PORT}/json/version") as answer:
                return str(json.load(answer)["webSocketDebuggerUrl"])
        except URLError:
            await asyncio.sleep(_POLL_S)


async def _listen(devtools: Devtools, targets: Targets, console: BrowserConsole) -> None:
    async for event in devtools.events():
        console.hear(event)
        targets.hear(event)
    raise Closed


async def _open_all(
    client: BrowserSettings, devtools: Devtools, targets: Targets, opening: Opening, ready: asyncio.Event
) -> None:
    await _permit(client.permissions, devtools)
    await targets.attach()
    pages = [(client.url, await targets.first_page)]
    pages += [(url, await targets.open_tab()) for url in client.tabs]
    await opening.open(pages, ready)


async def _mark_ready(ready: asyncio.Event) -> None:
    await ready.wait()
    readiness.mark_ready(os.environ)


async def _permit(permissions: Mapping[str, tuple[str, ...]] | None, devtools: Devtools) -> None:
    """Grant what is listed. Deny camera and microphone otherwise: there is nobody to answer a prompt."""
    if permissions is None:
        return
    settings = [("*", name, "denied") for name in _ASKED_FOR]
    settings += [(origin, name, "granted") for origin, names in permissions.items() for name in names]
    for origin, name, setting in settings:
        where = {} if origin == "*" else {"origin": origin}
        try:
            await devtools.call("Browser.setPermission", permission={"name": name}, setting=setting, **where)
        except DevToolsError as error:
            _log(f"permission {name}: {error}")


async def _report(targets: Targets, console: BrowserConsole, opening: Opening, api: PageReporter) -> None:
    clock = asyncio.get_running_loop()
    recent, freezes, turns, pictured = RecentStats(), Freezes(), PictureTurns(targets.picture), 0.0
    while True:
        begin = clock.time()
        after = freezes.counted(await targets.sample())
        page = {"page": {"problem": opening.problem or ""}, "console": await _hand_on(console, api)}
        measured = stats(recent.before(begin, after), after) | page
        looked_at = await asyncio.to_thread(api.post, measured, clock.time() - begin)
        if looked_at and begin - pictured >= _PICTURE_S:
            pictured = begin
            if taken := await turns.next(after):
                await asyncio.to_thread(api.post_picture, *taken)
        await asyncio.sleep(begin + _INTERVAL_S - clock.time())


async def _hand_on(console: BrowserConsole, api: PageReporter) -> dict[str, int]:
    """Send the API what pages wrote; the counts so far. Whoever sees an error counted can read it."""
    counts = dict(console.counts)
    entries, lost = console.taken()
    if entries:
        await asyncio.to_thread(api.post_console, entries, lost)
    return counts


def _log(text: str) -> None:
    print(f"collector: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
