"""Opens the client's pages and reports when they are usable: once each has fired its `load` event."""

import asyncio
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from .devtools import Devtools, DevToolsError

PATIENCE_S = 10.0
"""How long a page may take to load; after that the client counts as ready and reports the problem."""

_RETRY_S = 1.0
_AGAIN_S = 0.05
_STARTING = range(502, 505)  # a proxy's answers while the server behind it is starting

_GONE = "Session with given id not found"

_BEGAN = "[performance.timeOrigin]"
# The same plus the HTTP status, once the document's load event has fired.
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
    """Navigates pages to their URLs, retrying until the server answers."""

    def __init__(self, devtools: Devtools, patience_s: float = PATIENCE_S, retry_s: float = _RETRY_S) -> None:
        self._devtools = devtools
        self._patience_s = patience_s
        self._retry_s = retry_s
        self._pages: list[_Page] = []
        self._late = False

    @property
    def problem(self) -> str | None:
        """`<url>: <problem>` of the first page with one; None if there is none."""
        return next((f"{page.url}: {page.problem}" for page in self._pages if page.problem), None)

    async def open(self, pages: Iterable[tuple[str, str]], ready: asyncio.Event) -> None:
        """Open (URL, session) pairs; set `ready` once all are loaded or the time limit is reached."""
        self._pages = [_Page(url, session) for url, session in pages]
        opening = asyncio.gather(*map(self._open, self._pages))
        await asyncio.wait([opening], timeout=self._patience_s)
        self._late = True
        for page in self._pages:
            if not (page.loaded or page.problem):
                _note(page, f"load event not fired within {self._patience_s:g} s")
        ready.set()
        await opening

    async def _open(self, page: _Page) -> None:
        with suppress(DevToolsError):  # the tab was closed
            while problem := await self._try(page):
                _note(page, problem)
                if self._late and problem.startswith("HTTP"):
                    return  # not a starting server any more: the error is the page
                await asyncio.sleep(self._retry_s)
        page.problem, page.loaded = None, True

    async def _try(self, page: _Page) -> str | None:
        """Navigate once; return the problem, or None if the page loaded."""
        before = await self._asked(page, _BEGAN)
        error = (await self._devtools.call("Page.navigate", page.session, url=page.url)).get("errorText")
        if error:
            return str(error)
        status = await self._status(page, before)
        return f"HTTP status {status}" if status in _STARTING else None

    async def _status(self, page: _Page, before: list[float]) -> float | None:
        """HTTP status once a document other than the one `before` has loaded; None if unknown."""
        while not (now := await self._asked(page, _LOADED)) or now[0] in before:
            await asyncio.sleep(self._retry_s if self._late else _AGAIN_S)
        return now[1]

    async def _asked(self, page: _Page, expression: str) -> list[float]:
        """Evaluate a list expression in the page; [] if the page is navigating away."""
        asking = self._devtools.call(
            "Runtime.evaluate", page.session, expression=expression, awaitPromise=True, returnByValue=True
        )
        try:
            value = (await asking)["result"].get("value")
        except DevToolsError as refusal:
            if _GONE in str(refusal):
                raise
            return []
        return value if isinstance(value, list) else []


def _note(page: _Page, problem: str) -> None:
    """Record the problem; log it if it changed."""
    if problem != page.problem:
        print(f"collector: {page.url}: {problem}; retrying", file=sys.stderr, flush=True)
    page.problem = problem
