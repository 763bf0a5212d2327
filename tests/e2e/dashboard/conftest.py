"""A server with a lab of two clients, and its page in a browser: shared by all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from ..labs import synthlab
from ..pair import STACK
from ..viewer import viewer
from .server import LAB, Server, serving

SCENARIO = """\
stack: pair.yaml
steps:
  - set: client2
    egress: {latency: 20ms}
    mark: the detour
  - expect: client2.egress.packets_in >= 0
    within: 5s
"""


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has brought the lab up."""
    folder = tmp_path_factory.mktemp("dashboard")
    (folder / "pair.yaml").write_text(STACK.format(name=LAB, ip="ipv4"))
    (folder / "detour.yaml").write_text(SCENARIO)
    (folder / "broken.yaml").write_text("clients: [\n")
    (folder / "wrong.yaml").write_text("clients:\n  client1: {image: syntheticnet, count: none}\n")
    try:
        with serving(folder) as server:
            task = server.ask("POST", "/v1/labs", {"stack": "pair.yaml", "ttl": "15min"})["task"]
            server.end_of(f"/v1/tasks/{task}", "done")
            yield server
    finally:
        synthlab("down", LAB, status=None)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, viewer("e2e-viewer", playwright) as browser:
        yield browser


@pytest.fixture
def page(server: Server, browser: Browser) -> Iterator[Page]:
    """The page of the lab, whose console must stay free of errors; its clients are reset before."""
    server.ask("DELETE", f"/v1/labs/{LAB}/conditions", {})
    page, errors = browser.contexts[0].new_page(), list[str]()
    page.set_viewport_size({"width": 1280, "height": 800})

    def hear(entry: ConsoleMessage) -> None:
        # Chromium itself writes a line for each request that is refused.
        if entry.type in ("error", "warning") and "status of 422" not in entry.text:
            errors.append(entry.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.http.base_url}?token={server.token}")
    assert "token" not in page.url
    page.goto(f"{server.http.base_url}#/{LAB}")
    expect(page.get_by_role("checkbox", name="Choose client2")).to_be_visible()
    yield page
    page.close()
    assert errors == []
