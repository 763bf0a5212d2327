"""Pages in the lab's real Chrome: hostile pages change nothing; the control page works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from socket import create_connection
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from .labs import docker, lab_up, synthlab
from .pair import Pair

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

NAME = "e2e-pages"
# Chrome may block pages from local network addresses; other browsers do not, so the check is disabled here.
STACK = f"""\
name: {NAME}
ip: dual
clients:
  client1:
    app: chrome
    headless: false
    url: "about:blank"
    extra_hosts: ["rebound.test:127.0.0.1"]
    flags: [--disable-features=LocalNetworkAccessChecks]
  client2: {{image: syntheticnet, command: sleep infinity, allow: [client1]}}
"""
ATTACK = (Path(__file__).parent / "attack.js").read_text()
PORTS = (80, 9222, 9223, 5901, 65311)
OWN_PAGE = 8000
REFUSED = "the application may not change its own network, unless the stack has `self_control: true`"
READ = range(200, 300)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    stack = tmp_path_factory.mktemp("stack") / "pages.yaml"
    stack.write_text(STACK)
    with lab_up(NAME, stack):
        yield Pair(NAME)


@pytest.fixture(scope="module")
def browser(lab: Pair) -> Iterator[Browser]:
    endpoint = synthlab("cdp", "client1", "--lab", lab.name).stdout.strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.connect_over_cdp(endpoint)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.contexts[0].new_page()
    yield page
    page.close()


def test_a_page_of_another_origin(lab: Pair, page: Page) -> None:
    """A neighbour's page changes and reads nothing, by any name, address or port of the client."""
    with _neighbour(lab) as address:
        _open(page, f"http://{address}/")
        _attack(lab, page, *_everywhere(lab))


def test_the_applications_own_page(lab: Pair, page: Page) -> None:
    """A page served by the client's container on another loopback port has another origin, and is refused."""
    docker("exec", "--detach", lab.container("client1"), "python3", "-m", "http.server", str(OWN_PAGE))
    _open(page, f"http://localhost:{OWN_PAGE}/")
    _attack(lab, page, *islice(_everywhere(lab), 3))


def test_a_rebound_name(lab: Pair, page: Page) -> None:
    """A page whose host name was rebound to the client is refused, although it has the same origin."""
    for port in (80, 9222):
        page.goto(f"http://rebound.test:{port}/")
        outcomes = _attack(lab, page, [f"http://rebound.test:{port}"])
        assert set(outcomes.values()) <= {403, "failed", "sent", "silent"}


def test_the_control_page_inside_the_client(lab: Pair, page: Page) -> None:
    """The control page, opened inside the client, can read but not change the client's network."""
    before = lab.state("client1")["conditions"]
    page.goto("http://localhost/ui/")
    outcomes = page.evaluate(ATTACK, ["http://localhost"])["http://localhost"]
    assert lab.state("client1")["conditions"] == before
    assert outcomes["GET state"] == 200
    assert {outcomes[f"{method} conditions"] for method in ("PUT", "PATCH", "DELETE")} == {403}


def test_the_page_inside_the_client_is_read_only(page: Page) -> None:
    """Where changes are refused, controls are disabled, and a line says how to make them; no resource is missing."""
    missing = list[str]()
    page.on("response", lambda answer: missing.append(answer.url) if answer.status == 404 else None)
    page.goto("http://localhost/ui/")
    expect(page.get_by_text("Read-only")).to_contain_text("synthlab open client1")
    for control in (page.get_by_role("slider"), page.locator(".number"), page.locator("#flow-expression")):
        expect(control.first).to_be_disabled()
    expect(page.get_by_role("button", name="Hold to break")).to_be_disabled()
    assert missing == []


def _everywhere(lab: Pair) -> Iterator[list[str]]:
    """Names that resolve to the client."""
    own = lab.address("client1"), f"[{lab.address('client1', 6)}]"
    for host in ("localhost", "127.0.0.1", "[::1]", "client1", "rebound.test", *own):
        yield [f"http://{host}:{port}" for port in PORTS]


def _attack(lab: Pair, page: Page, *addresses: list[str]) -> dict[str, Any]:
    """Try all attacks at each address; fails if anything changed or could be read. Returns the last outcomes."""
    before, answers, outcomes = _observed(lab), list[Response](), dict[str, Any]()
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks the function
    for together in addresses:
        for address, outcomes in page.evaluate(ATTACK, together).items():
            read = {what: result for what, result in outcomes.items() if result in (*READ, "shown", "opened")}
            assert read == {}, address
    assert _observed(lab) == before
    changing = [answer for answer in answers if answer.request.method not in ("GET", "OPTIONS")]
    assert not [answer.url for answer in changing if answer.status in READ]
    assert [answer for answer in changing if answer.status == 403]  # the attack did reach the API
    return outcomes


def _observed(lab: Pair) -> dict[str, Any]:
    """All that a page might have changed: conditions, stats, files, browser tabs; checks that the screen answers."""
    (row,) = (row for row in lab.rows() if row["client"] == "client1")
    host, _, port = row["vnc"].rpartition(":")
    with create_connection((host, int(port)), 5) as screen:
        assert screen.recv(12).startswith(b"RFB 003")
    endpoint = synthlab("cdp", "client1", "--lab", lab.name).stdout.strip()
    with urlopen(f"{endpoint}/json/list", timeout=5) as answer:
        tabs = sorted(target["id"] for target in json.load(answer) if target["type"] == "page")
    with urlopen(f"{row['api']}/v1/files", timeout=5) as answer:
        files = json.load(answer)["files"]
    numbers = json.loads(synthlab("stats", "client1", "--json", "--lab", lab.name).stdout)["client1"]["webrtc"]
    state = lab.state("client1")
    return {"tabs": tabs, "files": files, "own": numbers["own"]} | {key: state[key] for key in ("conditions", "leases")}


def _open(page: Page, url: str) -> None:
    """Wait until it is served."""
    for _ in range(50):
        try:
            page.goto(url)
            return
        except Exception as error:
            if "net::ERR_" not in str(error):
                raise
            page.wait_for_timeout(200)
    pytest.fail(f"nothing answers at {url}")


@contextmanager
def _neighbour(lab: Pair) -> Iterator[str]:
    """The address of a container in the lab's network that serves pages."""
    where = ["--network", f"synthlab-{lab.name}_default", "--entrypoint", "python3"]
    container = docker("run", "--rm", "--detach", *where, "syntheticnet", "-m", "http.server", "80").strip()
    try:
        each = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        yield docker("inspect", "-f", each, container).strip()
    finally:
        docker("rm", "--force", container)
