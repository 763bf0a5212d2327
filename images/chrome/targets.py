"""Instruments every page and frame of the browser before its first script, and samples them."""

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from .devtools import Devtools, DevToolsError, DevToolsEvent, Message
from .stats import StatsSample

_SCRIPT = Path(__file__).with_name("samples.js").read_text()
_TIMEOUT_S = 0.9

# Only targets that can hold a connection: pausing workers would only slow pages down.
_PAGES = [{"type": "page"}, {"type": "iframe"}, {"exclude": True}]


class Crashed(Exception):
    """A page's renderer process died; the browser itself keeps running."""


class Targets:
    def __init__(self, devtools: Devtools) -> None:
        self.first_page: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Session of the first page, set once it is instrumented."""
        self._pages: dict[str, asyncio.Future[str]] = {}
        self._devtools = devtools
        # Unique id of each document's script context, by session and the id unique only within that session.
        self._contexts: dict[tuple[str | None, int], str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def attach(self, session: str | None = None) -> None:
        """Pause every page, present and future, until it is instrumented; with a session, its frames."""
        await self._devtools.call(
            "Target.setAutoAttach",
            session,
            autoAttach=True,
            waitForDebuggerOnStart=True,
            flatten=True,
            filter=_PAGES,
        )

    async def open_tab(self) -> str:
        """Open a background tab; returns its session once it is instrumented."""
        target = await self._devtools.call("Target.createTarget", url="about:blank", background=True)
        return await self._page(target["targetId"])

    def hear(self, event: DevToolsEvent) -> None:
        match event:
            case (_, "Target.attachedToTarget", params):
                self._begin(self._instrument(params["sessionId"], params["targetInfo"]))
            case (_, "Target.detachedFromTarget", params):
                self._forget(params["sessionId"])
            case (_, "Inspector.targetCrashed", _):
                raise Crashed("the page crashed")
            case (session, "Runtime.executionContextCreated", {"context": context}):
                if context["auxData"]["isDefault"]:  # not an extension's context
                    self._contexts[session, context["id"]] = context["uniqueId"]
            case (session, "Runtime.executionContextDestroyed", params):
                self._contexts.pop((session, params["executionContextId"]), None)
            case (session, "Runtime.executionContextsCleared", _):
                self._forget(session)

    async def sample(self) -> StatsSample:
        """The connections of all documents; a document that does not answer in time has none."""
        parts = await asyncio.gather(*(self._sample(context) for context in self._contexts.values()))
        return {key: connection for part in parts for key, connection in part.items()}

    async def picture(self, key: str, track: str) -> Message | None:
        """Of a track that a connection of a sample receives: `jpeg` in base64 and `tookMs`; None if it is not shown."""
        context, _, connection = key.rpartition("/")
        value = await self._evaluated(context, f"globalThis.synthlab?.picture?.({connection}, {json.dumps(track)})")
        return value if isinstance(value, dict) else None

    async def _instrument(self, session: str, target: Message) -> None:
        # Sent all at once: a paused page answers some of them only after runIfWaitingForDebugger.
        with suppress(DevToolsError):
            await asyncio.gather(
                self._devtools.call("Inspector.enable", session),
                self._devtools.call("Page.enable", session),
                self._devtools.call("Page.addScriptToEvaluateOnNewDocument", session, source=_SCRIPT),
                self._devtools.call("Runtime.enable", session),
                self._devtools.call("Log.enable", session),
                self.attach(session),
                self._devtools.call("Runtime.runIfWaitingForDebugger", session),
            )
            if target["type"] == "page":
                for instrumented in (self.first_page, self._page(target["targetId"])):
                    if not instrumented.done():
                        instrumented.set_result(session)

    async def _sample(self, context: str) -> dict[str, Message]:
        connections = await self._evaluated(context, "globalThis.synthlab?.sample?.()")
        if isinstance(connections, list):  # else our script is missing or threw
            return {f"{context}/{connection['id']}": connection for connection in connections}
        return {}

    async def _evaluated(self, context: str, expression: str) -> Any:
        """The value of an expression in a document; None if it is gone or does not answer in time."""
        session = next((session for (session, _), known in self._contexts.items() if known == context), None)
        evaluation = self._devtools.call(
            "Runtime.evaluate",
            session,
            expression=expression,
            uniqueContextId=context,
            awaitPromise=True,
            returnByValue=True,
        )
        with suppress(DevToolsError, TimeoutError):
            answer = await asyncio.wait_for(evaluation, _TIMEOUT_S)
            return answer["result"].get("value")
        return None

    def _page(self, target: str) -> asyncio.Future[str]:
        """The future session of a page; its event may arrive before or after createTarget returns."""
        return self._pages.setdefault(target, asyncio.get_running_loop().create_future())

    def _forget(self, session: str | None) -> None:
        self._contexts = {key: context for key, context in self._contexts.items() if key[0] != session}

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the event loop keeps only a weak reference
        task.add_done_callback(self._tasks.discard)
