"""The uploaded traces and tables."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ...channel import FILE_PIECE, WORK_SECONDS
from ...conditions import MOST_BYTES
from ..answer_shapes import FILE_TEXT, FILES
from ..control_client import ControlClient
from ..endpoint import TEXT, Content, Endpoint
from ..parameter_shapes import FILE_NAME
from ..parameters import text_of

ALL, ONE = "/v1/files", "/v1/files/{name}"
LISTED, CONTENT = Content(FILES), Content(FILE_TEXT, TEXT)
UPLOAD = "upload or replace a file: text, parsed when conditions name it and then refused with the wrong line"


class FilesEndpoints:
    def __init__(self, control: ControlClient) -> None:
        self._control = control
        self._one_at_a_time = asyncio.Lock()

    def table(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint("GET", ALL, self.list, "the uploaded traces and tables", answer=LISTED),
            Endpoint("GET", ONE, self.get, "one of the files", None, CONTENT, (FILE_NAME,)),
            Endpoint("PUT", ONE, self.put, UPLOAD, CONTENT, LISTED, (FILE_NAME,)),
            Endpoint("DELETE", ONE, self.delete, "remove a file", None, LISTED, (FILE_NAME,)),
        )

    async def list(self, request: Request) -> Response:
        return JSONResponse(await self._control.ask("files"))

    async def get(self, request: Request) -> Response:
        await self._refuse_missing(request)
        async with self._one_at_a_time:
            return PlainTextResponse(bytes(await self._content(request)))

    async def put(self, request: Request) -> Response:
        text = await text_of(request, MOST_BYTES)
        async with self._one_at_a_time:
            for start in range(0, len(text) or 1, FILE_PIECE):
                piece, more = text[start : start + FILE_PIECE].decode("latin-1"), start + FILE_PIECE < len(text)
                answer = await self._ask(request, "put_file", start=start, text=piece, more=more)
        return JSONResponse(answer)

    async def delete(self, request: Request) -> Response:
        await self._refuse_missing(request)
        return JSONResponse(await self._ask(request, "remove_file"))

    async def _content(self, request: Request) -> bytearray:
        content = bytearray()
        while True:
            answer = await self._ask(request, "file", start=len(content))
            content += answer["text"].encode("latin-1")
            if len(content) >= answer["bytes"]:
                return content

    async def _ask(self, request: Request, op: str, **arguments: Any) -> dict[str, Any]:
        return await self._control.ask(op, WORK_SECONDS, name=request.path_params["name"], **arguments)

    async def _refuse_missing(self, request: Request) -> None:
        # Asked for first, because a refusal of the forwarder is a 422, and a missing file is a 404.
        names = [file["name"] for file in (await self._control.ask("files"))["files"]]
        name = request.path_params["name"]
        if name not in names:
            raise HTTPException(404, f"{name}: no such file; uploaded files: {', '.join(names) or 'none'}")
