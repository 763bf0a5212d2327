"""The control page and the addresses that lead to it."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

import syntheticnet

from ...site import Site


def test_a_browser_is_redirected_to_the_control_page(site: Site) -> None:
    """GET / redirects to the page, which other pages may not frame."""
    answer = site.ask("GET", "/", follow_redirects=True)
    page = Path(syntheticnet.__path__[0]) / "web" / "index.html"
    assert (answer.status_code, answer.text) == (200, page.read_text())
    assert '<link rel="icon" href="icon.svg">' in answer.text  # else browsers ask for /favicon.ico
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.issue(10)
def test_the_pages_old_address(site: Site) -> None:
    """The old address of the page redirects to the control page."""
    answer = site.ask("GET", "/control.html")
    assert (answer.status_code, answer.headers["location"]) == (307, "/ui/")


def test_only_the_pages_own_inline_script_may_run(site: Site) -> None:
    """The content security policy names the hash of the import map, and allows nothing else that is inline."""
    answer = site.ask("GET", "/ui/")
    (script,) = re.findall(r"<script type=\"importmap\">(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"].split("; ")
    assert policy == ["default-src 'self'", f"script-src 'self' 'sha256-{digest}'", "frame-ancestors 'none'"]
    assert site.ask("GET", "/v1/state").headers["content-security-policy"] == "; ".join(policy)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("app.js", "text/javascript"),
        ("vendor/preact/preact.mjs", "text/javascript"),
        ("page.css", "text/css"),
        ("profiles.json", "application/json"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_files_have_the_types_that_browsers_insist_on(site: Site, name: str, kind: str) -> None:
    """Scripts, modules, styles, data and pictures are served with their own media types."""
    assert site.ask("GET", f"/ui/{name}").headers["content-type"].partition(";")[0] == kind
