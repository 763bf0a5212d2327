"""Inspect a page in this container's Chromium, and print its content as JSON: `python3 look.py URL WIDTH SCHEME ACT`.

SCHEME is the preferred colour scheme, light or dark. ACT is done first: `zoom`, `moment`, `toggle`, or `none`.
"""

import asyncio
import itertools
import json
import sys
import urllib.request
from typing import Any

import websockets

HEIGHT = 1000
TEXTS = "h1, h2, h3, h4, h5, summary, p, li > span, th, td, td code, a, button, .verdict strong"

LOOK = """
(() => {
  const box = (element) => { const { left, top, right, bottom } = element.getBoundingClientRect();
    return [left, top, right, bottom]; };
  const paper = (element) => { for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (colour && !/rgba\\(.*, 0\\)$/.test(colour)) return colour; }
    return "rgb(255, 255, 255)"; };
  const shown = (element) => element.textContent.trim() && element.checkVisibility()
    && getComputedStyle(element).visibility === "visible";
  const painted = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0; for (let at = 3; at < data.length; at += 4) count += data[at] > 0; return count; };
  const across = (element) => { const [left, , right] = box(element); return [left, right - left]; };
  return {
    width: document.documentElement.scrollWidth,
    title: document.querySelector(".picture-title")?.textContent,
    why: [...document.querySelectorAll(".why, .picture")].map((one) => box(one)[3]),
    zoomed: document.querySelectorAll(".zoomed").length,
    texts: [...document.querySelectorAll("TEXTS")].filter(shown).map((element) => ({
      text: element.textContent.trim(), ink: getComputedStyle(element).color, paper: paper(element) })),
    plots: [...document.querySelectorAll(".chart")].filter((chart) => chart.checkVisibility()).map((chart) => ({
      id: chart.dataset.chart, box: box(chart), painted: painted(chart.querySelector("canvas")),
      span: chart.dataset.span, across: across(chart.querySelector(".u-over")),
      paper: paper(chart), lines: chart.querySelectorAll(".key").length,
    })),
    lanes: [...document.querySelectorAll(".lanes > li > svg")].filter((lane) => lane.checkVisibility()).map(across),
    bars: [...document.querySelectorAll("rect[data-to]")].map((bar) => [bar.getAttribute("x"), bar.dataset.from]),
  };
})()
""".replace("TEXTS", TEXTS)

ACTS = {
    "none": "0",
    "toggle": "document.getElementById('scheme').click()",
    "moment": "document.querySelectorAll('a[data-picture]')[1].click()",
    "zoom": """(() => {
      const over = document.querySelectorAll('.chart .u-over')[1], { left, top, width } = over.getBoundingClientRect();
      const at = (share, type, target) => target.dispatchEvent(new MouseEvent(type, { bubbles: true, button: 0,
        clientX: left + share * width, clientY: top + 20, movementX: 9, movementY: 1 }));
      at(0.25, 'mousemove', over); at(0.25, 'mousedown', over);
      at(0.75, 'mousemove', over); at(0.75, 'mouseup', over);
    })()""",
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
    """Scroll until every visible chart is drawn, and then back."""
    pending = (
        "(() => { const one = [...document.querySelectorAll('.chart')].find((chart) => chart.checkVisibility()"
        " && !chart.querySelector('canvas')); if (one) one.scrollIntoView(); else scrollTo(0, 0);"
        " return document.readyState !== 'complete' || !document.querySelector('.chart') || Boolean(one); })()"
    )
    for _ in range(120):
        await asyncio.sleep(0.25)
        if not await tab.value(pending):
            return
    raise SystemExit("not all charts were drawn within 30 s")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(look(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))))
