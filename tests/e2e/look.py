"""Inspect a page in this container's Chromium, and print its content as JSON: `python3 look.py URL WIDTH SCHEME ACT`.

SCHEME is the preferred colour scheme, light or dark. ACT is done first: `zoom`, `toggle`, or `none`.
"""

import asyncio
import itertools
import json
import sys
import urllib.request
from typing import Any

import websockets

HEIGHT = 1000
TEXTS = "h1, h2, h3, summary, p, li, th, td, td code, a, button, .verdict strong, .plot text"

LOOK = """
(() => {
  const box = (element) => { const { left, top, right, bottom } = element.getBoundingClientRect();
    return [left, top, right, bottom]; };
  const paper = (element) => { for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (colour && !/rgba\\(.*, 0\\)$/.test(colour)) return colour; }
    return "rgb(255, 255, 255)"; };
  const text = (element) => ({ text: element.textContent.trim(), box: box(element),
    ink: element.closest("svg") ? getComputedStyle(element).fill : getComputedStyle(element).color,
    paper: element.closest("svg") ? element.closest(".plot").querySelector(".main-svg").style.background
      : paper(element) });
  const shown = (element) => element.textContent.trim() && element.checkVisibility()
    && getComputedStyle(element).opacity !== "0";
  return {
    width: document.documentElement.scrollWidth,
    texts: [...document.querySelectorAll("TEXTS")].filter(shown).map(text),
    plots: [...document.querySelectorAll(".plot")].filter((plot) => plot.checkVisibility()).map((plot) => ({
      id: plot.id, box: box(plot), drawn: Boolean(plot.querySelector(".main-svg")),
      range: plot._fullLayout.xaxis.range,
      left: box(plot)[0] + plot._fullLayout._size.l, inner: plot._fullLayout._size.w,
      axes: Object.keys(plot._fullLayout).filter((name) => /^xaxis[0-9]*$/.test(name)).length,
      traces: plot.querySelectorAll(".scatterlayer .trace, .barlayer .trace").length,
      buttons: [...plot.querySelectorAll(".modebar-btn")].map((button) => button.dataset.title),
      texts: [...plot.querySelectorAll("text")].filter(shown).map(text),
    })),
  };
})()
""".replace("TEXTS", TEXTS)

ACTS = {
    "none": "0",
    "toggle": "document.getElementById('scheme').click()",
    "zoom": "Plotly.relayout(document.querySelectorAll('.plot')[1], {'xaxis.range': [14, 30]}).then(() => 0)",
}


class Tab:
    """One page of the browser, with its console errors and requests."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._ids = itertools.count()
        self.complaints: list[str] = []
        self.asked: list[str] = []

    async def call(self, method: str, **params: Any) -> Any:
        id = next(self._ids)
        await self._socket.send(json.dumps({"id": id, "method": method, "params": params}))
        while True:
            message = json.loads(await self._socket.recv())
            if message.get("id") == id:
                return message["result"]
            self._note(message.get("method"), message.get("params"))

    async def value(self, expression: str) -> Any:
        done = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise SystemExit(json.dumps(done["exceptionDetails"]))
        return done["result"].get("value")

    def _note(self, method: str, params: Any) -> None:
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])


async def look(url: str, width: int, scheme: str, act: str) -> dict[str, Any]:
    with urllib.request.urlopen("http://127.0.0.1:9222/json") as answer:
        target = next(entry for entry in json.load(answer) if entry["type"] == "page")
    async with websockets.connect(target["webSocketDebuggerUrl"], max_size=None) as socket:
        tab = Tab(socket)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await tab.call(f"{domain}.enable")
        size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        await tab.call("Emulation.setDeviceMetricsOverride", **size)
        preferred = [{"name": "prefers-color-scheme", "value": scheme}]
        await tab.call("Emulation.setEmulatedMedia", features=preferred)
        await tab.call("Page.navigate", url=url)
        await drawn(tab)
        await tab.value(ACTS[act])
        await asyncio.sleep(1.5)
        seen = await tab.value(LOOK)
    return {**seen, "complaints": tab.complaints, "asked": tab.asked}


async def drawn(tab: Tab) -> None:
    """Scroll until every visible plot is drawn."""
    pending = (
        "(() => { const one = [...document.querySelectorAll('.plot')].find((plot) => plot.checkVisibility()"
        " && !plot.querySelector('.main-svg .xtick')); if (one) one.scrollIntoView();"
        " return document.readyState !== 'complete' || !document.querySelector('.plot') || Boolean(one); })()"
    )
    for _ in range(120):
        await asyncio.sleep(0.25)
        if not await tab.value(pending):
            return
    raise SystemExit("not all plots were drawn within 30 s")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(look(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))))
