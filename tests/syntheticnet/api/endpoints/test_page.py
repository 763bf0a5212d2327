"""The control page and the addresses that lead to it."""

from __future__ import annotations

from pathlib import Path

import pytest

import syntheticnet

from ...site import Site


def test_a_browser_is_redirected_to_the_control_page(site: Site) -> None:
    """GET / redirects to the page, which other pages may not frame."""
    answer = site.ask("GET", "/", follow_redirects=True)
    page = Path(syntheticnet.__path__[0]) / "web" / "index.html"
    assert (answer.status_code, answer.text) == (200, page.read_text())
    assert '<link rel="icon" href="data:,">' in answer.text  # else browsers ask for /favicon.ico
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.issue(10)
def test_the_pages_old_address(site: Site) -> None:
    """The old address of the page redirects to the control page."""
    answer = site.ask("GET", "/control.html")
    assert (answer.status_code, answer.headers["location"]) == (307, "/ui/")
