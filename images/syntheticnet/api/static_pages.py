"""Serves the control page from memory, because the application may be able to change files in the container."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

INDEX = "index.html"


class Pages:
    """An endpoint that serves the files of a folder as they were when it was created."""

    def __init__(self, folder: Path) -> None:
        files = [file for file in folder.rglob("*") if file.is_file()]
        self._texts = {str(file.relative_to(folder)): file.read_bytes() for file in files}
        self._types = {name: mimetypes.guess_type(name)[0] for name in self._texts}

    async def get(self, request: Request) -> Response:
        name = request.path_params["path"] or INDEX
        if name not in self._texts:
            raise HTTPException(404, f"{name}: no such page")
        return Response(self._texts[name], media_type=self._types[name])
