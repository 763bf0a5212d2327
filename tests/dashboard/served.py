"""A lab API in this process: real HTTP on loopback, and a lab without containers behind it."""

from __future__ import annotations

import asyncio
import faulthandler
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from synthlab.control.backend import Backend
from synthlab.dashboard.access import TokenCheck
from synthlab.dashboard.dashboard import Dashboard
from synthlab.dashboard.server import ApiServer, listening
from synthlab.testing import FakeClientApi, FakeEngine, fake_backend

PATIENCE_S = 10.0
END_S = 20.0


@dataclass
class Served:
    """A running server. `http` has its token."""

    backend: Backend
    apis: Mapping[str, FakeClientApi]
    dashboard: Dashboard
    access: TokenCheck
    http: httpx.Client
    end: Callable[[], None]

    @property
    def engine(self) -> FakeEngine:
        return cast("FakeEngine", self.backend.engine)

    def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """The JSON of an answer, which must have this status."""
        answer = self.http.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def error(self, method: str, path: str, body: Any = None, status: int = 422) -> str:
        return str(self.ask(method, path, body, status)["error"])

    def wait_for(self, path: str, **values: Any) -> Any:
        """The answer of a path, once it has these values."""
        seen: list[Any] = []

        def has_come() -> bool:
            seen.append(self.ask("GET", path))
            return bool(values.items() <= {key: seen[-1].get(key) for key in values}.items())

        self.wait_until(has_come)
        return seen[-1]

    def wait_until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@contextmanager
def serving(
    folder: Path, backend: Backend | None = None, apis: Mapping[str, FakeClientApi] | None = None
) -> Iterator[Served]:
    """A server for files below `folder`; by default of the lab `call` with client1, client2, bot-1 and bot-2."""
    if backend is None:
        backend, by_id = fake_backend("call", groups={"bot-1": "bot", "bot-2": "bot"})
        apis = {api.name: api for api in by_id.values()}
    with closing(listening(0)) as own, ExitStack() as stack:
        access = TokenCheck.of_port(own.getsockname()[1])
        dashboard = Dashboard(backend, folder, access)
        server = stack.enter_context(without_errors(ApiServer(dashboard)))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([own])), daemon=True)
        thread.start()
        headers = {"authorization": f"Bearer {access.token}"}
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.005)
            with httpx.Client(base_url=access.url, headers=headers, timeout=PATIENCE_S) as http:
                yield Served(backend, apis or {}, dashboard, access, http, lambda: setattr(server, "should_exit", True))
        finally:
            server.should_exit = True
            thread.join(END_S)
            if thread.is_alive():
                faulthandler.dump_traceback()  # it shows where the server's thread hangs
                pytest.fail("the server does not end")


@contextmanager
def without_errors(server: ApiServer) -> Iterator[ApiServer]:
    """Check that the server, which has set up its log, reports no error there: no answer would show it."""
    errors: list[str] = []
    handler, logger = logging.Handler(logging.ERROR), logging.getLogger("uvicorn.error")
    handler.emit = lambda record: errors.append(handler.format(record))  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        yield server
    finally:
        logger.removeHandler(handler)
    assert errors == []


def events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Server-sent events as pairs of type and data."""
    event = ""
    for line in lines:
        word, _, rest = line.partition(": ")
        if word == "event":
            event = rest
        elif word == "data":
            yield event, json.loads(rest)
