"""Serves the dashboard's page, and what it shares with the control page of a client."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from .. import assets

WEB = Path(__file__).with_name("web")
SHARED_AT = "images/syntheticnet/web"
"""As in a checkout: the page's modules import shared ones by relative paths, which Node resolves in tests."""
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


def page_routes() -> list[Route]:
    """The page at `/`, its files below `/page`, and shared ones."""
    index = (WEB / "index.html").read_bytes()
    policy = {"content-security-policy": _policy(index.decode())}

    async def page(_: Request) -> Response:
        return Response(index, media_type="text/html", headers=policy)

    folders = {"page": WEB, SHARED_AT: assets.image("syntheticnet") / "web"}
    return [Route("/", page), *(Route(f"/{at}/{{path:path}}", _from(folder)) for at, folder in folders.items())]


def _from(folder: Path) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that serves the files of a folder."""
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.suffix in TYPES}

    async def get(request: Request) -> Response:
        name = request.path_params["path"]
        if name not in files:
            raise HTTPException(404, f"{name}: no such file of the page")
        return FileResponse(files[name], media_type=TYPES[files[name].suffix])

    return get


def _policy(index: str) -> str:
    """Everything that the page loads comes from here, but for pictures in answers, and its import map."""
    digests = [hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(index)]
    scripts = " ".join(("'self'", *(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)))
    return f"default-src 'self'; script-src {scripts}; img-src 'self' data: blob:; frame-ancestors 'none'"
