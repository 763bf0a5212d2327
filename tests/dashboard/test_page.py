"""The page that the server serves, and its files."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from .served import Served, serving


def test_the_page(shared: Served) -> None:
    """It loads nothing from elsewhere, and its import map is the only inline script that may run."""
    answer = shared.http.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(one.split(" ", 1) for one in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"].startswith("'self' 'sha256-")
    assert policy["frame-ancestors"] == "'none'"
    assert answer.text.count('<script type="importmap">') == 1
    assert "http:" not in answer.text
    assert "https:" not in answer.text


@pytest.mark.parametrize(
    ("path", "type"),
    [
        ("page/app.js", "text/javascript; charset=utf-8"),
        ("page/dashboard.css", "text/css; charset=utf-8"),
        ("page/vendor/novnc/core/rfb.js", "text/javascript; charset=utf-8"),
        ("images/syntheticnet/web/components/panel.js", "text/javascript; charset=utf-8"),
        ("images/syntheticnet/web/vendor/preact/preact.mjs", "text/javascript; charset=utf-8"),
        ("images/syntheticnet/web/profiles.json", "application/json"),
    ],
)
def test_its_files(path: str, type: str, shared: Served) -> None:
    """Its own and those that it shares with the control page; only with the token."""
    answer = shared.http.get(f"/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, type)
    assert httpx.get(f"{shared.access.url}/{path}").status_code == 401


@pytest.mark.parametrize(
    "path", ["page/none.js", "page/../pages.py", "page/%2e%2e/pages.py", "images/syntheticnet/web/"]
)
def test_other_files(path: str, shared: Served) -> None:
    assert shared.http.get(f"/{path}").status_code == 404


def test_stacks(tmp_path: Path) -> None:
    """The bundled ones, and those below the folder, which are not all YAML files there; one with a mistake says so."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "mine.yaml").write_text("# Two of us\nclients:\n  client1: {app: chrome}\n")
    (tmp_path / "scenario.yaml").write_text("stack: call.yaml\nsteps: []\n")
    (tmp_path / "broken.yaml").write_text("clients: [\n")
    (tmp_path / "half.yaml").write_text("stack: call.yaml\nsteps: [\nclients: [")
    (tmp_path / "other.yaml").write_text("services: {clients: [\n")
    (tmp_path / "named.yaml").write_text("name: other\nclients: {}\n")
    with serving(tmp_path) as served:
        stacks = served.ask("GET", "/v1/stacks")["stacks"]
    broken = {"file": "broken.yaml", "lab": "broken", "title": "", "bundled": False}
    assert [one for one in stacks if not one["bundled"]] == [
        broken | {"error": "broken.yaml:2: not YAML: expected the node content, but found '<stream end>'"},
        {"file": "named.yaml", "lab": "other", "title": "", "bundled": False},
        {"file": "deep/mine.yaml", "lab": "mine", "title": "Two of us", "bundled": False},
    ]
    call = next(one for one in stacks if one["file"] == "call.yaml")
    assert (call["lab"], call["bundled"]) == ("call", True)
    assert call["title"].startswith("A call")
