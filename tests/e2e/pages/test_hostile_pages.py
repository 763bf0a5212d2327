"""Hostile pages in a client's Chrome change nothing there, and its own control page only reads."""

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
from playwright.sync_api import Page, Response, expect

from ..labs import docker, synthlab
from ..pair import Pair

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

ATTACK = (Path(__file__).parents[1] / "attack.js").read_text()
PORTS = (80, 9222, 9223, 5901, 65311)
OWN_PAGE = 8000
READ = range(200, 300)


def test_a_page_of_another_origin(lab: Pair, tab: Page) -> None:
    """A neighbour's page changes and reads nothing, by any name, address or port of the client."""
    with _neighbour(lab) as address:
        _open(tab, f"http://{address}/")
        _attack(lab, tab, *_everywhere(lab))


def test_the_applications_own_page(lab: Pair, tab: Page) -> None:
    """A page served by the client's container on another loopback port has another origin, and is refused."""
    docker("exec", "--detach", lab.container("client1"), "python3", "-m", "http.server", str(OWN_PAGE))
    _open(tab, f"http://localhost:{OWN_PAGE}/")
    _attack(lab, tab, *islice(_everywhere(lab), 3))


def test_a_rebound_name(lab: Pair, tab: Page) -> None:
    """A page whose host name was rebound to the client is refused, although it has the same origin."""
    for port in (80, 9222):
        tab.goto(f"http://rebound.test:{port}/")
        outcomes = _attack(lab, tab, [f"http://rebound.test:{port}"])
        assert set(outcomes.values()) <= {403, "failed", "sent", "silent"}


def test_the_control_page_inside_the_client(lab: Pair, tab: Page) -> None:
    """The control page, opened inside the client, can read but not change the client's network."""
    before = lab.state("client1")["conditions"]
    tab.goto("http://localhost/ui/")
    outcomes = tab.evaluate(ATTACK, ["http://localhost"])["http://localhost"]
    assert lab.state("client1")["conditions"] == before
    assert outcomes["GET state"] == 200
    assert {outcomes[f"{method} conditions"] for method in ("PUT", "PATCH", "DELETE")} == {403}


@pytest.mark.issue(12)
def test_the_page_inside_the_client_is_read_only(lab: Pair, tab: Page) -> None:
    """Where changes are refused, controls are disabled, and a line says how to make them; no resource is missing."""
    missing = list[str]()
    tab.on("response", lambda answer: missing.append(answer.url) if answer.status == 404 else None)
    tab.goto("http://localhost/ui/")
    notice = tab.get_by_text("Read-only")
    expect(notice).to_contain_text("synthlab open client1")
    expect(notice).to_contain_text("self_control: true")
    tab.get_by_role("button", name="See also").click()
    expect(tab.locator(".places code").first).to_have_text(f"synthlab open client1 --screen --lab {lab.name}")
    for control in (tab.get_by_role("slider"), tab.locator(".number"), tab.locator("#flow-expression")):
        expect(control.first).to_be_disabled()
    expect(tab.get_by_role("button", name="Hold to break")).to_be_disabled()
    assert missing == []


def _everywhere(lab: Pair) -> Iterator[list[str]]:
    """Names that resolve to the client."""
    own = lab.address("client1"), f"[{lab.address('client1', 6)}]"
    for host in ("localhost", "127.0.0.1", "[::1]", "client1", "rebound.test", *own):
        yield [f"http://{host}:{port}" for port in PORTS]


def _attack(lab: Pair, tab: Page, *addresses: list[str]) -> dict[str, Any]:
    """Try all attacks at each address; fails if anything changed or could be read. Returns the last outcomes."""
    before, answers, outcomes = _observed(lab), list[Response](), dict[str, Any]()
    tab.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks the function
    for together in addresses:
        for address, outcomes in tab.evaluate(ATTACK, together).items():
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


def _open(tab: Page, url: str) -> None:
    """Wait until it is served."""
    for _ in range(50):
        try:
            tab.goto(url)
            return
        except Exception as error:
            if "net::ERR_" not in str(error):
                raise
            tab.wait_for_timeout(200)
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
