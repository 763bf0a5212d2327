"""The control page, and the addresses that lead to it."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ..endpoint import Endpoint
from ..static_pages import Pages

PAGES = Pages(Path(__file__).parents[2] / "web")


async def redirect(_: Request) -> Response:
    return RedirectResponse("/ui/")


TABLE = (
    Endpoint("GET", "/", redirect, "go to the control page"),
    Endpoint("GET", "/control.html", redirect, "go to the control page, from its address in Synthetic Network"),
    Endpoint("GET", "/ui/{path:path}", PAGES.get, "the control page", answer="a file of the page"),
)
