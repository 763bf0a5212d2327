"""Code examples of the documentation work unchanged on a real lab as soon as it is up."""

from __future__ import annotations

import os
import re
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from synthlab import Lab

from .labs import SYNTHLAB, lab_up, synthlab

pytestmark = [pytest.mark.docker, pytest.mark.issue(10), pytest.mark.timeout(300)]

DOCS = Path(__file__).parents[2] / "docs"
NAME = "e2e-idioms"
STACK = """\
name: {name}
clients:
  ada: &browser
    app: chrome
    headless: true
    url: "http://app.example:{port}/room?name={{name}}"
    extra_hosts: ["app.example:host-gateway"]
  client1: {{<<: *browser}}
"""
PAGE = b"""<!doctype html><title>Room</title>
<label>Password <input></label> <button>Join</button> <p></p>
<script>
  document.querySelector("button").onclick = () =>
    setTimeout(() => (document.querySelector("p").textContent = "Your connection is poor"), 500);
</script>
"""
TURNS = [pytest.param(turn, marks=() if turn < 3 else pytest.mark.soak) for turn in range(30)]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    stack = tmp_path_factory.mktemp("stack") / "idioms.yaml"
    with room() as port:
        stack.write_text(STACK.format(name=NAME, port=port))
        with lab_up(NAME, stack), Lab.attach(NAME) as lab:
            yield lab


@pytest.mark.parametrize("turn", TURNS)
def test_playwright_at_once(lab: Lab, turn: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both documented ways to a page find it as soon as the client is healthy, also after restarts."""
    if turn:
        synthlab("restart", "ada", "client1", "--lab", NAME)
        lab.refresh()
    monkeypatch.setenv("PATH", f"{Path(SYNTHLAB).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SYNTHLAB_LAB", NAME)
    there = shown("applications.md", "get_by_text").replace("http://127.0.0.1:32801", lab["ada"].cdp_url)
    run(there, {})
    run(shown("python.md", "cdp_url"), {"lab": lab})


def shown(page: str, word: str) -> str:
    """The only Python block with this word on a page."""
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    (block,) = [block for block in blocks if word in block]
    return textwrap.dedent(block)


def run(code: str, names: dict[str, Any]) -> None:
    """Run it as printed; only the import of `subprocess` is added."""
    exec(compile(f"import subprocess\n{code}", "<document>", "exec"), names)


@contextmanager
def room() -> Iterator[int]:
    """The port of the application that the documentation drives, on all addresses of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("0.0.0.0", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
