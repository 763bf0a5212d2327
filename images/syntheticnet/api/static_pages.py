"""Serves the control page from memory, because the application may be able to change files in the container."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

INDEX = "index.html"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript"}
"""The types that a browser insists on; Python takes its own from the system, if that has any."""

_INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


class Pages:
    """An endpoint that serves the files of a folder as they were when it was created."""

    def __init__(self, folder: Path) -> None:
        files = [file for file in folder.rglob("*") if file.is_file()]
        self._texts = {str(file.relative_to(folder)): file.read_bytes() for file in files}
        self._types = {name: _type_of(name) for name in self._texts}

    @property
    def inline_scripts(self) -> tuple[str, ...]:
        """The hashes of the index page's inline scripts (its import map), as a content security policy names them."""
        scripts = _INLINE.findall(self._texts[INDEX].decode())
        digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
        return tuple(f"sha256-{base64.b64encode(digest).decode()}" for digest in digests)

    async def get(self, request: Request) -> Response:
        name = request.path_params["path"] or INDEX
        if name not in self._texts:
            raise HTTPException(404, f"{name}: no such page")
        return Response(self._texts[name], media_type=self._types[name])


def _type_of(name: str) -> str | None:
    return TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
