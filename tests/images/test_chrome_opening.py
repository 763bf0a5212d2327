"""Opening pages: retried until their load event fires, with the problem reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chrome import readiness
from chrome.devtools import Devtools
from chrome.opening import Opening

from .test_chrome_devtools import Browser, Message, listen

pytestmark = pytest.mark.issue(10)

URL = "https://app.example/"
REFUSED = "net::ERR_CONNECTION_REFUSED"


class Site:
    """A browser with one page and scripted navigation results; `documents` counts the documents shown."""

    def __init__(self, *ends: str | int, loads: bool = True) -> None:
        self.ends = list(ends)
        self.documents = 0
        self.loads = loads
        self.statuses: list[int] = []

    def __call__(self, command: Message) -> Message:
        if command["method"] == "Page.navigate":
            end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
            self.documents += 1
            self.statuses.append(end if isinstance(end, int) else 0)
            return {"result": {"errorText": end} if isinstance(end, str) else {"loaderId": "x"}}
        if "Promise" in command["params"]["expression"] and not self.loads:
            return {"error": {"message": "the page goes on"}}
        status = self.statuses[-1] if self.statuses else 0
        return {"result": {"result": {"value": [float(self.documents), status]}}}


def opened(site: Callable[[Message], Message], look: Callable[[Opening, asyncio.Event], Any], **times: float) -> Any:
    """The result of `look` on a client that opens one page."""

    async def run() -> Any:
        browser = Browser(site)
        devtools = Devtools(browser)
        opening, ready = Opening(devtools, **{"patience_s": 5.0, "retry_s": 0.01, **times}), asyncio.Event()
        tasks = [asyncio.create_task(listen(devtools, lambda event: None))]
        tasks.append(asyncio.create_task(opening.open([(URL, "tab")], ready)))
        try:
            return await look(opening, ready)
        finally:
            for task in tasks:
                task.cancel()

    return asyncio.run(run())


async def when_ready(opening: Opening, ready: asyncio.Event) -> str | None:
    await asyncio.wait_for(ready.wait(), 10)
    return opening.problem


@pytest.mark.parametrize("ends", [(200,), (REFUSED, "net::ERR_NETWORK_CHANGED", 200), (502, 503, 504, 200), (404,)])
def test_ready_once_loaded(ends: tuple[str | int, ...]) -> None:
    """A starting server is retried; its first other answer, even an error page, counts as the page."""
    site = Site(*ends)
    assert opened(site, when_ready) is None
    assert site.documents == len(ends)


@pytest.mark.parametrize(
    ("site", "problem"),
    [
        (Site(REFUSED), f"{URL}: {REFUSED}"),
        (Site(503), f"{URL}: HTTP status 503"),
        (Site(200, loads=False), f"{URL}: load event not fired within 0.1 s"),
    ],
)
def test_ready_with_a_named_error(site: Site, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A page that does not load in time does not delay readiness; its problem is reported, and logged once."""
    assert opened(site, when_ready, patience_s=0.1) == problem
    assert capsys.readouterr().err == f"collector: {problem}; retrying\n"


def test_a_server_that_comes_later_is_found() -> None:
    """A page is retried after the client is ready; once it loads, its problem is cleared."""
    site = Site(REFUSED)

    async def later(opening: Opening, ready: asyncio.Event) -> str | None:
        assert await when_ready(opening, ready)
        site.ends = [200]
        for _ in range(500):
            if opening.problem is None:
                break
            await asyncio.sleep(0.01)
        return opening.problem

    assert opened(site, later, patience_s=0.05) is None


def test_closed_page() -> None:
    """It delays nothing, and no problem is reported."""
    closed = {"error": {"message": "Session with given id not found."}}
    assert opened(lambda command: closed, when_ready) is None


def test_readiness_is_of_this_life(tmp_path: Path) -> None:
    """The file holds the start time of PID 1, which the health check compares; without the variable none is written."""
    stat = tmp_path / "stat"
    stat.write_text(" ".join(map(str, range(1, 53))))
    readiness.mark_ready({"SYNTHLAB_READY": str(tmp_path / "ready")}, stat)
    assert (tmp_path / "ready").read_text() == "22"
    readiness.mark_ready({}, stat)
