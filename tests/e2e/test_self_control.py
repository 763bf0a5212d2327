"""A browser that controls its own network: its control page may change it, other pages and neighbours may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from .labs import docker, lab_up, synthlab, until
from .pair import Pair
from .strangers import address, attempt, container

pytestmark = [pytest.mark.docker, pytest.mark.issue(12), pytest.mark.timeout(120)]

NAME = "e2e-self-control"
CONTROL_PAGE = "http://localhost/ui/"
LATENCY_MS = 120
OWN_PAGE = 8000
ATTACK = (Path(__file__).parent / "attack.js").read_text()
CHANGE = """async (latency) => {
  const body = JSON.stringify({ egress: { latency } });
  const answer = await fetch("/v1/conditions", { method: "PATCH", body });
  return [answer.status, await answer.json()];
}"""
FETCH_MS = """async () => {
  const start = performance.now();
  await (await fetch("/", { cache: "no-store" })).text();
  return performance.now() - start;
}"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Pair]:
    with lab_up(NAME, Path("chrome.yaml")):
        yield Pair(NAME)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(lab: Pair, playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.connect_over_cdp(synthlab("cdp", "client1", "--lab", lab.name).stdout.strip())
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def neighbour(lab: Pair) -> Iterator[str]:
    """A container beside the client that serves pages."""
    with container(f"synthlab-{lab.name}_default", "python3 -m http.server 80") as name:
        until(lambda: ":0050 " in docker("exec", name, "cat", "/proc/net/tcp"))
        yield name


def test_the_control_page_changes_what_a_second_tab_feels(lab: Pair, browser: Browser, neighbour: str) -> None:
    """The first tab is the control page; what it sets slows the page in a new tab down."""
    (control,) = browser.contexts[0].pages
    assert control.url == CONTROL_PAGE
    state = control.evaluate("async () => (await fetch('/v1/state')).json()")
    assert (state["self_control"], state["may_change"]) == (True, True)
    with _tab(browser, f"http://{address(neighbour)}/") as tab:
        assert min(tab.evaluate(FETCH_MS) for _ in range(5)) < LATENCY_MS
        _change(control, f"{LATENCY_MS}ms")
        assert min(tab.evaluate(FETCH_MS) for _ in range(3)) >= LATENCY_MS
    assert _conditions(lab)["egress"] == {"latency": f"{LATENCY_MS}ms"}


def test_pages_of_others(lab: Pair, browser: Browser, neighbour: str) -> None:
    """Neither a neighbour's page nor the application's own on another port changes the network or reads its state."""
    docker("exec", "--detach", lab.container("client1"), "python3", "-m", "http.server", str(OWN_PAGE))
    until(lambda: f":{OWN_PAGE:04X} " in lab.read("client1", "/proc/net/tcp"))
    before = _conditions(lab)
    for url in (f"http://{address(neighbour)}/", f"http://localhost:{OWN_PAGE}/"):
        with _tab(browser, url) as tab:
            assert set(_attacked(tab, "http://localhost", "http://127.0.0.1")) == {403}
    assert _conditions(lab) == before


def test_a_neighbour(lab: Pair, neighbour: str) -> None:
    """A container beside the client gets no answer from its API."""
    request = "PATCH", "/v1/conditions", "Host: localhost", "Content-Type: application/json"
    result = attempt(neighbour, "http", lab.address("client1"), "80", *request)["status"]
    assert result in ("TimeoutError", "ConnectionRefusedError", "timeout")


@pytest.mark.usefixtures("lab")
def test_the_image_alone(playwright: Playwright) -> None:
    """Without a lab, `docker run` of the image greets with a control page that may change the container's network."""
    rights = "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW"
    ports = "-p", "127.0.0.1::80", "-p", "127.0.0.1::9222"
    name = docker("run", "--rm", "--detach", *rights, *ports, "synthlab/chrome").strip()
    try:
        until(lambda: docker("inspect", "-f", "{{.State.Health.Status}}", name).strip() == "healthy")
        browser = playwright.chromium.connect_over_cdp(f"http://{_published(name, 9222)}")
        (control,) = browser.contexts[0].pages
        assert control.url == CONTROL_PAGE
        _change(control, "5ms")
        browser.close()
    finally:
        docker("rm", "--force", name)


@contextmanager
def _tab(browser: Browser, url: str) -> Iterator[Page]:
    page = browser.contexts[0].new_page()
    page.goto(url)
    yield page
    page.close()


def _change(control: Page, latency: str) -> None:
    status, state = control.evaluate(CHANGE, latency)
    assert (status, state["conditions"]["egress"]) == (200, {"latency": latency})


def _conditions(lab: Pair) -> dict[str, Any]:
    with urlopen(f"http://127.0.0.1:{lab.port('client1')}/v1/conditions", timeout=5) as answer:
        conditions: dict[str, Any] = json.load(answer)
    return conditions


def _attacked(page: Page, *targets: str) -> list[int]:
    """Try all attacks from a page; the answers to what could change something. Fails if the page read anything."""
    statuses = list[int]()
    changing = "PUT", "PATCH", "DELETE", "POST"
    page.on("response", lambda answer: statuses.append(answer.status) if answer.request.method in changing else None)
    outcomes: dict[str, dict[str, Any]] = page.evaluate(ATTACK, list(targets))
    read = [result for target in outcomes.values() for result in target.values() if result in (200, "shown", "opened")]
    assert read == [], json.dumps(outcomes)
    return statuses


def _published(name: str, port: int) -> str:
    return docker("port", name, f"{port}/tcp").splitlines()[0]
