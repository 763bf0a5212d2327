"""The DevTools client and the targets, against a minimal fake browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from chrome.devtools import Devtools, DevToolsError, DevToolsEvent
from chrome.targets import Crashed, Targets

Message = dict[str, Any]


class Browser:
    """Answers each command with the result of `answer`, and sends the given events."""

    def __init__(self, answer: Callable[[Message], Message]) -> None:
        self.commands: list[Message] = []
        self._answer = answer
        self._said: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, message: str) -> None:
        command = json.loads(message)
        self.commands.append(command)
        self.say({"id": command["id"], **self._answer(command)})

    def say(self, message: Message) -> None:
        self._said.put_nowait(json.dumps(message))

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            yield await self._said.get()


async def listen(devtools: Devtools, heard: Callable[[DevToolsEvent], None]) -> None:
    async for event in devtools.events():
        heard(event)


def with_targets(play: Callable[[Targets, Browser], Any], answer: Callable[[Message], Message]) -> Any:
    """The result of `play`, with a fake browser and targets connected to it."""

    async def run() -> Any:
        browser = Browser(answer)
        devtools = Devtools(browser)
        targets = Targets(devtools)
        listening = asyncio.create_task(listen(devtools, targets.hear))
        try:
            return await play(targets, browser)
        finally:
            listening.cancel()

    return asyncio.run(run())


def nothing(_: Message) -> Message:
    return {"result": {}}


def attached(session: str, kind: str = "page") -> Message:
    params = {"sessionId": session, "targetInfo": {"type": kind, "targetId": f"target of {session}"}}
    return {"method": "Target.attachedToTarget", "params": params}


def document(session: str, number: int, default: bool = True) -> Message:
    context = {"id": number, "uniqueId": f"{session}.{number}", "auxData": {"isDefault": default}}
    return {"method": "Runtime.executionContextCreated", "sessionId": session, "params": {"context": context}}


def test_answers_find_their_commands() -> None:
    """Results go to their callers; an error is raised as DevToolsError."""

    def answer(command: Message) -> Message:
        if command["method"] == "bad":
            return {"error": {"message": "no such thing"}}
        return {"result": {"echo": command["params"], "session": command.get("sessionId")}}

    async def play(targets: Targets, _: Browser) -> Message:
        devtools = targets._devtools
        results = await asyncio.gather(
            devtools.call("a", x=1), devtools.call("b", "tab"), devtools.call("bad"), return_exceptions=True
        )
        return {"results": results}

    first, second, third = with_targets(play, answer)["results"]
    assert first == {"echo": {"x": 1}, "session": None}
    assert second == {"echo": {}, "session": "tab"}
    assert isinstance(third, DevToolsError)
    assert str(third) == "no such thing"


def test_page_is_instrumented_before_it_runs() -> None:
    """A new page runs only after the script is added; its frames are instrumented too."""

    async def play(targets: Targets, browser: Browser) -> list[str]:
        browser.say(attached("tab"))
        assert await targets.first_page == "tab"
        assert {command["sessionId"] for command in browser.commands} == {"tab"}
        return [command["method"] for command in browser.commands]

    methods = with_targets(play, nothing)
    assert methods[-1] == "Runtime.runIfWaitingForDebugger"
    assert {"Page.addScriptToEvaluateOnNewDocument", "Target.setAutoAttach"} < set(methods)


@pytest.mark.parametrize("answered_first", [True, False])
def test_further_tabs(answered_first: bool) -> None:
    """A new tab is available once instrumented, whether its event arrives before or after createTarget returns."""
    announced = attached("tab2")

    async def play(targets: Targets, browser: Browser) -> Any:
        opening = asyncio.create_task(targets.open_tab())
        if answered_first:
            await asyncio.sleep(0.01)
        browser.say(announced)
        return await asyncio.wait_for(opening, 1)

    def answer(command: Message) -> Message:
        return {"result": {"targetId": "target of tab2"} if command["method"] == "Target.createTarget" else {}}

    assert with_targets(play, answer) == "tab2"


def test_samples_of_all_documents() -> None:
    """Connections of every document are sampled separately; a closed or failing document has none."""

    def answer(command: Message) -> Message:
        if command["method"] != "Runtime.evaluate":
            return {"result": {}}
        if command["params"]["uniqueContextId"] == "tab.3":
            return {"error": {"message": "Cannot find context"}}
        return {"result": {"result": {"value": [{"id": 1, "stats": []}]}}}

    async def play(targets: Targets, browser: Browser) -> Any:
        for message in (document("tab", 1), document("tab", 2), document("tab", 3), document("frame", 1)):
            browser.say(message)
        browser.say(document("tab", 4, default=False))
        gone = {"method": "Runtime.executionContextDestroyed", "sessionId": "tab"}
        browser.say({**gone, "params": {"executionContextId": 2}})
        await asyncio.sleep(0.01)
        return await targets.sample()

    assert set(with_targets(play, answer)) == {"tab.1/1", "frame.1/1"}


def test_page_without_our_script() -> None:
    """A document whose script is missing or throws has no connections."""

    async def play(targets: Targets, browser: Browser) -> Any:
        browser.say(document("tab", 1))
        await asyncio.sleep(0.01)
        return await targets.sample()

    assert with_targets(play, lambda command: {"result": {"result": {"type": "undefined"}}}) == {}


def test_crash() -> None:
    """A crashed page is an error, not a page without stats."""

    async def play(targets: Targets, _: Browser) -> None:
        targets.hear(DevToolsEvent("tab", "Inspector.targetCrashed", {}))

    with pytest.raises(Crashed, match="the page crashed"):
        with_targets(play, nothing)
