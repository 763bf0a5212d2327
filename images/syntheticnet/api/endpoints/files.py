"""The uploaded traces and tables."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ...channel import WORK_SECONDS
from ...chunked_json import chunks, whole
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
        return PlainTextResponse(whole((await self._ask(request, "file"))["text"]))

    async def put(self, request: Request) -> Response:
        text = await text_of(request, MOST_BYTES)
        return JSONResponse(await self._ask(request, "put_file", text=chunks(text)))

    async def delete(self, request: Request) -> Response:
        await self._refuse_missing(request)
        return JSONResponse(await self._ask(request, "remove_file"))

    async def _ask(self, request: Request, op: str, **arguments: Any) -> dict[str, Any]:
        return await self._control.ask(op, WORK_SECONDS, name=request.path_params["name"], **arguments)

    async def _refuse_missing(self, request: Request) -> None:
        # Asked for first, because a refusal of the forwarder is a 422, and a missing file is a 404.
        names = [file["name"] for file in (await self._control.ask("files"))["files"]]
        name = request.path_params["name"]
        if name not in names:
            raise HTTPException(404, f"{name}: no such file; uploaded files: {', '.join(names) or 'none'}")
