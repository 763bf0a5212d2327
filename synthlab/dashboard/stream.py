"""An answer without an end of its own: what is sent as it comes, for as long as somebody reads."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

STUCK_S = 20.0
"""A reader that takes nothing for so long is dropped."""


class Stream(Response):
    """Sends `pieces` until they end, or the reader has left or is stuck.

    Nothing is cancelled meanwhile: Starlette's own streams are, by anyio, which asks again and again without a pause
    where a task does not end (its issue 1257).
    """

    def __init__(self, headers: Mapping[str, str], status: int = 200) -> None:
        super().__init__(status_code=status, headers=headers)

    @abstractmethod
    def pieces(self) -> AsyncIterator[bytes]: ...

    @abstractmethod
    def end(self) -> None:
        """Make the pieces end soon. May be called again."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        leaving = asyncio.create_task(self._end_when_left(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": head})
            async for piece in self.pieces():
                await asyncio.wait_for(send({"type": "http.response.body", "body": piece, "more_body": True}), STUCK_S)
            await send({"type": "http.response.body", "body": b""})
        except (TimeoutError, OSError):
            pass
        finally:
            leaving.cancel()
            self.end()

    async def _end_when_left(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.end()
