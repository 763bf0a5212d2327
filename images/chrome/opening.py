"""Opens the client's pages, and knows when they can be used: once the `load` event of each has fired."""

import asyncio
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from .devtools import Devtools, Refused

PATIENCE_S = 10.0
"""So long a server may take to start; then the client counts as ready, and says what is wrong."""

_RETRY_S = 1.0
_AGAIN_S = 0.05
_STARTING = range(502, 505)  # what a proxy answers while the server behind it starts

_GONE = "Session with given id not found"

_BEGAN = "[performance.timeOrigin]"
# The same, and the HTTP status, once the document's load event has fired.
_LOADED = """new Promise((resolve) => {
  const loaded = () => resolve([performance.timeOrigin, performance.getEntriesByType("navigation")[0]?.responseStatus]);
  if (document.readyState === "complete") loaded();
  else addEventListener("load", () => setTimeout(loaded));
})"""


@dataclass
class _Page:
    url: str
    session: str
    problem: str | None = None
    loaded: bool = False


class Opening:
    """Leads pages to their addresses, again and again until their server is there."""

    def __init__(self, devtools: Devtools, patience_s: float = PATIENCE_S, retry_s: float = _RETRY_S) -> None:
        self._devtools = devtools
        self._patience_s = patience_s
        self._retry_s = retry_s
        self._pages: list[_Page] = []
        self._late = False

    @property
    def problem(self) -> str | None:
        """What is wrong with the first page that is not loaded, after its address; None where nothing is."""
        return next((f"{page.url}: {page.problem}" for page in self._pages if page.problem), None)

    async def open(self, pages: Iterable[tuple[str, str]], ready: asyncio.Event) -> None:
        """Open addresses in sessions; `ready` is set once all are loaded, or when the patience is over."""
        self._pages = [_Page(url, session) for url, session in pages]
        opening = asyncio.gather(*map(self._open, self._pages))
        await asyncio.wait([opening], timeout=self._patience_s)
        self._late = True
        for page in self._pages:
            if not (page.loaded or page.problem):
                _note(page, f"its load event has not fired within {self._patience_s:g} s")
        ready.set()
        await opening

    async def _open(self, page: _Page) -> None:
        with suppress(Refused):  # somebody has closed it
            while problem := await self._try(page):
                _note(page, problem)
                if self._late and problem.startswith("HTTP"):
                    return  # it is what the server has to say
                await asyncio.sleep(self._retry_s)
        page.problem, page.loaded = None, True

    async def _try(self, page: _Page) -> str | None:
        """What keeps the page from being used; None where it is loaded."""
        before = await self._asked(page, _BEGAN)
        error = (await self._devtools.call("Page.navigate", page.session, url=page.url)).get("errorText")
        if error:
            return str(error)
        status = await self._status(page, before)
        return f"HTTP status {status}" if status in _STARTING else None

    async def _status(self, page: _Page, before: list[float]) -> float | None:
        """That of a page which has loaded, and is not the one before; None where it is not known."""
        while not (now := await self._asked(page, _LOADED)) or now[0] in before:
            await asyncio.sleep(self._retry_s if self._late else _AGAIN_S)
        return now[1]

    async def _asked(self, page: _Page, expression: str) -> list[float]:
        """What an expression gives in a page; nothing where that is just turning into another."""
        asking = self._devtools.call(
            "Runtime.evaluate", page.session, expression=expression, awaitPromise=True, returnByValue=True
        )
        try:
            value = (await asking)["result"].get("value")
        except Refused as refusal:
            if _GONE in str(refusal):
                raise
            return []
        return value if isinstance(value, list) else []


def _note(page: _Page, problem: str) -> None:
    """What is new is logged."""
    if problem != page.problem:
        print(f"collector: {page.url}: {problem}; trying on", file=sys.stderr, flush=True)
    page.problem = problem
