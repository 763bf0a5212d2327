"""Takes a screenshot of every page open in a client's browser, newest last.

Prints one line of JSON per page: its `url`, and the picture as `png` (base64), with a small JPEG as `thumbnail`, or an
`error`.

Runs on the interpreter of the image's browser client, which has a WebSocket library.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import websockets

# Chromium's own port, on loopback.
PORT = 9223
PATIENCE_S = 5.0
# A page that is just opening may never answer the first request, but answers the next.
ATTEMPT_S = 1.25
THUMBNAIL_PX = 320


async def picture(page: dict[str, Any]) -> dict[str, str]:
    """The line for one page; a page whose process crashed or hangs never answers."""
    shown = {"url": str(page["url"])}
    try:
        return shown | await asyncio.wait_for(_attempts(page["webSocketDebuggerUrl"]), PATIENCE_S)
    except TimeoutError:
        return shown | {"error": f"no picture within {PATIENCE_S:g} s"}
    except (OSError, websockets.WebSocketException) as error:
        return shown | {"error": str(error) or type(error).__name__}


async def _attempts(address: str) -> dict[str, str]:
    """The first answer to any attempt; earlier attempts stay pending."""
    attempts: set[asyncio.Task[dict[str, str]]] = set()
    try:
        while True:
            attempts.add(asyncio.create_task(_capture(address)))
            done, _ = await asyncio.wait(attempts, timeout=ATTEMPT_S, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return done.pop().result()
    finally:
        for attempt in attempts:
            attempt.cancel()


async def _capture(address: str) -> dict[str, str]:
    # No size limit: a picture can be larger than the library's 1 MiB for a message.
    async with websockets.connect(address, max_size=None, ping_interval=None) as socket:
        whole = await _asked(socket, 1, "Page.captureScreenshot", {"format": "png"})
        shown = (await _asked(socket, 2, "Page.getLayoutMetrics", {}))["cssVisualViewport"]
        wide, high = shown["clientWidth"], shown["clientHeight"]
        clip = {"x": shown["pageX"], "y": shown["pageY"], "width": wide, "height": high, "scale": THUMBNAIL_PX / wide}
        small = await _asked(socket, 3, "Page.captureScreenshot", {"format": "jpeg", "quality": 60, "clip": clip})
        return {"png": str(whole["data"]), "thumbnail": str(small["data"])}


async def _asked(socket: Any, number: int, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The result of a command of the debugger."""
    await socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
    while True:
        answer = json.loads(await socket.recv())
        if "error" in answer:
            raise OSError(answer["error"]["message"])
        if answer.get("id") == number:
            return dict(answer["result"])


async def main() -> None:
    try:
        with urlopen(f"http://127.0.0.1:{PORT}/json/list", timeout=PATIENCE_S) as answer:
            targets = json.load(answer)  # the newest first
    except (URLError, TimeoutError) as error:
        sys.exit(f"the browser does not answer: {getattr(error, 'reason', error)}")
    pages = [target for target in reversed(targets) if target["type"] == "page"]
    for shown in await asyncio.gather(*map(picture, pages)):
        print(json.dumps(shown))


if __name__ == "__main__":
    asyncio.run(main())
