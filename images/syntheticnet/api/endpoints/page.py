"""The control page, and the addresses that lead to it."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ..answer_shapes import PAGE
from ..endpoint import Content, Endpoint
from ..parameter_shapes import PAGE_PATH
from ..static_pages import Pages

PAGES = Pages(Path(__file__).parents[2] / "web")


async def redirect(_: Request) -> Response:
    return RedirectResponse("/ui/")


TABLE = (
    Endpoint("GET", "/", redirect, "go to the control page", status=307),
    Endpoint("GET", "/control.html", redirect, "go to the control page, as in Synthetic Network", status=307),
    Endpoint("GET", "/ui/{path:path}", PAGES.get, "the control page", None, Content(PAGE, "text/html"), (PAGE_PATH,)),
)
