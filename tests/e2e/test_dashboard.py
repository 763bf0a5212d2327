"""The lab API against a real lab: brought up, changed, cut, played on, watched, and gone after Ctrl-C."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from synthlab.contract import API_PORT
from synthlab.control.port_tunnel import LocalPort, connect_through
from synthlab.engine.factory import make_engine

from ..dashboard.served import events
from ..test_monitoring import panel_queries
from .labs import SYNTHLAB, docker, heeding_interrupts, synthlab, until
from .leftovers import leftovers
from .pair import STACK, Pair
from .prometheus import prometheus
from .viewer import viewer

pytestmark = [pytest.mark.docker, pytest.mark.issue(12)]

LAB = "e2e-dashboard"
SCENARIO = """\
stack: pair.yaml
steps:
  - set: client2
    egress: {latency: 20ms}
    mark: the detour
  - expect: client2.egress.packets_in >= 0
    within: 5s
"""
QUIET = """\
stack: pair.yaml
steps:
  - never: client2.egress.packets_in < 0
    for: 20s
"""
KNOCK = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 9), 1)
except OSError as error:
    print(type(error).__name__)
"""


@dataclass(frozen=True)
class Server:
    """The command `dashboard`, and its API."""

    process: subprocess.Popen[str]
    http: httpx.Client
    token: str

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def end_of(self, path: str, state: str) -> Any:
        until(lambda: self.ask("GET", path)["state"] != "running")
        ended = self.ask("GET", path)
        assert ended["state"] == state, ended
        return ended


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has brought a lab of two clients up."""
    folder = tmp_path_factory.mktemp("dashboard")
    (folder / "pair.yaml").write_text(STACK.format(name=LAB, ip="ipv4"))
    (folder / "detour.yaml").write_text(SCENARIO)
    (folder / "wrong.yaml").write_text("clients:\n  client1: {image: syntheticnet, count: none}\n")
    command = heeding_interrupts([SYNTHLAB, "dashboard", "--no-browser", "--json", "--stdin"])
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout
        access = json.loads(process.stdout.readline())
        headers = {"authorization": f"Bearer {access['token']}"}
        try:
            with httpx.Client(base_url=access["url"], headers=headers, timeout=30) as http:
                served = Server(process, http, access["token"])
                task = served.ask("POST", "/v1/labs", {"stack": "pair.yaml", "ttl": "15min"})["task"]
                served.end_of(f"/v1/tasks/{task}", "done")
                yield served
        finally:
            process.kill()
            synthlab("down", LAB, status=None)


def reached() -> str:
    """What client1 learns from a closed port of client2: that it is closed, or nothing."""
    python = ["docker", "exec", "-i", Pair(LAB).container("client1"), "python3", "-c", KNOCK]
    done = subprocess.run([*python, Pair(LAB).address("client2")], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def took_s(stream: Iterator[tuple[str, Any]], egress: dict[str, str]) -> float:
    """How long it takes until both clients are shown with this egress."""
    begun = time.monotonic()
    for event, data in stream:
        if event == "states" and all(state["conditions"].get("egress", {}) == egress for state in data.values()):
            break
        assert time.monotonic() - begun < 10
    return time.monotonic() - begun


def test_two_clients_at_one_instant(server: Server) -> None:
    """Both change within milliseconds, listeners learn of it at once, and the lease ends by itself."""
    with server.http.stream("GET", f"/v1/labs/{LAB}/events") as answer:
        stream = events(answer.iter_lines())
        seen = dict(next(stream) for _ in range(3))
        assert [one["name"] for one in seen["lab"]["participants"]] == ["client1", "client2"]
        loss = {"loss": "5%"}
        made = server.ask(
            "PATCH", f"/v1/labs/{LAB}/conditions", {"clients": "all", "change": {"egress": loss}, "for": "2s"}
        )
        assert list(made["leases"]) == ["client1", "client2"]
        assert made["spread_ms"] < 20
        assert took_s(stream, loss) < 0.5
        assert took_s(stream, {}) < 5


def test_partition(server: Server) -> None:
    """Nothing passes between the two until it is healed."""
    ends = {"a": "client1", "b": "client2"}
    assert reached() == "ConnectionRefusedError"
    server.ask("POST", f"/v1/labs/{LAB}/partition", ends)
    assert reached() == "TimeoutError"
    server.ask("DELETE", f"/v1/labs/{LAB}/partition", ends)
    assert reached() == "ConnectionRefusedError"


def test_a_scenario(server: Server) -> None:
    """It is played in the running lab, its steps can be watched, and it ends with a verdict and a report."""
    run = server.ask("POST", "/v1/runs", {"scenario": "detour.yaml", "lab": LAB})["run"]
    ended = server.end_of(f"/v1/runs/{run}", "ended")
    assert ended["verdict"] == "passed" or "too slow" in str(ended["reasons"]), ended
    assert [step["state"] for step in ended["steps"]] == ["done", "passed"]
    assert "the detour" in server.http.get(f"/v1/runs/{run}/report").text


def test_relay(server: Server) -> None:
    """A client's own API answers through the relay, and may be changed there."""
    path = f"/v1/labs/{LAB}/clients/client1/api/v1/conditions"
    changed = server.ask("PATCH", f"{path}?by=page", {"egress": {"latency": "5ms"}})
    assert changed["conditions"]["egress"] == {"latency": "5ms"}
    assert "egress" not in server.ask("DELETE", path)["conditions"]
    assert server.http.get(path.replace("client1", "client3")).status_code == 404


def test_events_of_a_client(server: Server) -> None:
    """A client's own events are passed on as they come."""
    with server.http.stream("GET", f"/v1/labs/{LAB}/clients/client1/api/v1/events?only=state") as answer:
        event, data = next(events(answer.iter_lines()))
    assert (event, data["name"]) == ("state", "client1")


@pytest.mark.usefixtures("server")
def test_a_port_through_the_engine() -> None:
    """A program in the container connects to a port there; as the application, which may only read."""
    engine = make_engine()
    container = next(one for one in engine.containers(LAB) if one.client == "client1")
    with closing(LocalPort(lambda: connect_through(engine, container, API_PORT))) as port:
        url = f"http://127.0.0.1:{port.number}/v1"
        assert httpx.get(f"{url}/state").json()["may_change"] is False
        assert httpx.delete(f"{url}/conditions").status_code == 403


@pytest.mark.soak
def test_no_pictures_while_a_terminal_plays(server: Server, tmp_path: Path) -> None:
    """A scenario of the command line in the same lab holds pictures off, and they come back after it by themselves."""
    file = tmp_path / "quiet.yaml"
    file.write_text(QUIET)
    (tmp_path / "pair.yaml").write_text(STACK.format(name=LAB, ip="ipv4"))
    paths = [f"/v1/labs/{LAB}/clients/{client}/api/v1/pictures" for client in ("client1", "client2")]

    def judged() -> list[bool]:
        return [server.ask("GET", path)["judged"] for path in paths]

    until(lambda: judged() == [False, False], 10)
    command = heeding_interrupts([SYNTHLAB, "scenario", "run", str(file), "--lab", LAB])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as playing:
        until(lambda: judged() == [True, True], 10)
        playing.send_signal(signal.SIGINT)
    until(lambda: judged() == [False, False], 8)


def test_a_cancelled_up_leaves_nothing(server: Server) -> None:
    """Compose is stopped while it creates containers, and what it has created is removed."""
    other = f"{LAB}-other"
    task = server.ask("POST", "/v1/labs", {"stack": "pair.yaml", "name": other})["task"]
    until(lambda: "containers: 0/2 started" in server.ask("GET", f"/v1/tasks/{task}")["lines"])
    server.ask("DELETE", f"/v1/tasks/{task}")
    assert server.end_of(f"/v1/tasks/{task}", "failed")["error"] == "cancelled"
    until(lambda: leftovers(other) == [])


@pytest.fixture(scope="module")
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


def test_the_page_changes_several_at_one_instant(server: Server, page: Page) -> None:
    """A slider for both clients changes both, in the dashboard's name; held, the button breaks both."""
    page.get_by_role("checkbox", name="All participants").check()
    page.get_by_role("button", name="Change together").click()
    latency = page.get_by_label("Together Upload latency", exact=True)
    latency.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    until(lambda: [state["conditions"].get("egress") for state in states(server)] == [{"latency": "4ms"}] * 2, 10)
    assert {state["history"][-1]["by"] for state in states(server)} == {"dashboard"}
    expect(page.get_by_text("↑ latency 4ms")).to_have_count(2)
    page.get_by_role("button", name="Hold to break").hover()
    page.mouse.down()
    until(lambda: all(state["conditions"]["egress"].get("outage") for state in states(server)), 10)
    page.mouse.up()
    until(lambda: not any(state["leases"] for state in states(server)), 10)
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.get_by_text("↑ latency 4ms")).to_have_count(0)


def test_the_page_cuts_two_off(page: Page) -> None:
    """Two that are chosen are cut off from each other, and healed."""
    page.get_by_role("checkbox", name="All participants").check()
    page.get_by_label("How long", exact=True).select_option("until healed")
    page.get_by_role("button", name="Cut off").click()
    until(lambda: reached() == "TimeoutError", 10)
    page.get_by_role("button", name="Heal").click()
    until(lambda: reached() == "ConnectionRefusedError", 10)


def test_the_page_plays_a_scenario(server: Server, page: Page) -> None:
    """Its steps are drawn with how they went, and the verdict and the report follow."""
    page.get_by_label("Scenario", exact=True).select_option("detour.yaml")
    page.get_by_role("button", name="Play").click()
    verdict = page.locator(".verdict b")
    expect(verdict).to_have_text(re.compile("Passed|Inconclusive"), timeout=30_000)
    expect(page.locator(".step")).to_have_count(2)
    expect(page.locator(".step.is-passed")).to_have_count(1)
    address = page.get_by_role("link", name="Report of detour.yaml").first.get_attribute("href")
    assert "the detour" in server.http.get(str(address)).text


def test_the_page_opens_a_client(server: Server, page: Page) -> None:
    """The drawer has the control page of the client, through the server, and its log."""
    page.get_by_role("region", name="Participants").get_by_role("button", name="client1").click()
    loss = page.get_by_label("All traffic Download loss", exact=True)
    loss.focus()
    page.keyboard.press("ArrowRight")
    until(lambda: states(server)[0]["conditions"].get("ingress") == {"loss": "0.1%"}, 10)
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_role("log", name="Log of client1")).to_be_visible()


def test_the_list_of_labs(page: Page) -> None:
    """It has the lab; taking it down needs a second press, and can be left."""
    page.get_by_role("link", name="All labs").click()
    row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=LAB, exact=True))
    expect(row).to_contain_text("up")
    row.get_by_role("button", name="Take down ...").click()
    row.get_by_role("button", name="Keep").click()
    row.get_by_role("link", name=LAB, exact=True).click()
    expect(page.get_by_role("heading", name="Who sees whom")).to_be_visible()


def test_the_list_brings_a_stack_up_and_down(page: Page) -> None:
    """A stack with a mistake is refused in a line; another one is brought up, opens as a page, and is taken down."""
    name = f"{LAB}-page"
    page.get_by_role("link", name="All labs").click()
    page.get_by_label("Stack").select_option("wrong.yaml")
    page.get_by_role("button", name="Bring up", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("wrong.yaml:2: clients.client1.count: 'none'")
    page.get_by_label("Stack").select_option("pair.yaml")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Bring up", exact=True).click()
    try:
        expect(page.get_by_role("region", name=f"Bringing up {name}")).to_contain_text("containers: 2/2 started")
        expect(page.get_by_role("checkbox", name="Choose client2")).to_be_visible(timeout=30_000)
        assert page.url.endswith(f"#/{name}")
        page.get_by_role("link", name="All labs").click()
        row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=name, exact=True))
        row.get_by_role("button", name="Take down ...").click()
        row.get_by_role("button", name=f"Take down {name}").click()
        expect(page.get_by_role("heading", name=f"Taken down: {name}")).to_be_visible(timeout=30_000)
        expect(row).to_have_count(0)
        assert leftovers(name) == []
    finally:
        synthlab("down", name, status=None)


def test_the_list_cancels_an_up(page: Page) -> None:
    """What was created is removed, and the page says that it was cancelled."""
    name = f"{LAB}-cancelled"
    page.get_by_role("link", name="All labs").click()
    page.get_by_label("Stack").select_option("pair.yaml")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Bring up", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name=f"Not brought up: {name}")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("cancelled", exact=True)).to_be_visible()
    until(lambda: leftovers(name) == [])


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 400)])
def test_accessibility_of_the_page(page: Page, scheme: Any, width: int) -> None:
    """axe finds nothing wrong with the page while all of it is in use, and nothing is wider than the window."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.get_by_role("checkbox", name="All participants").check()
    page.get_by_role("button", name="Dog 10 s").first.click()
    page.get_by_role("region", name="Participants").get_by_role("button", name="client2").click()
    expect(page.get_by_label("All traffic Upload rate", exact=True)).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="All labs").click()
    expect(page.get_by_role("button", name="Bring up")).to_be_enabled()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def states(server: Server) -> list[Any]:
    return [server.ask("GET", f"/v1/labs/{LAB}/clients/{client}") for client in ("client1", "client2")]


def test_prometheus(server: Server, tmp_path: Path) -> None:
    """Debian's Prometheus scrapes the lab as docs say, and answers every query of the Grafana dashboard."""
    change = {"egress": {"latency": "30ms"}}
    server.ask("PATCH", f"/v1/labs/{LAB}/conditions", {"clients": ["client2"], "change": change})
    assert reached() == "ConnectionRefusedError"
    target = server.http.base_url.netloc.decode()
    with prometheus(tmp_path, target, server.token) as scraping:
        until(scraping.is_ready)
        labels = f'{{lab="{LAB}", client="client2", direction="egress"}}'
        until(lambda: [value for _, value in scraping.query(f"synthlab_set_latency_seconds{labels}")] == [0.03])
        assert [value for _, value in scraping.query("up")] == [1]
        server.ask("DELETE", f"/v1/labs/{LAB}/conditions", {})
        until(lambda: not scraping.query(f"synthlab_set_latency_seconds{labels}"))
        ((_, packets),) = scraping.query(f"synthlab_link_packets_in_total{labels.replace('client2', 'client1')}")
        assert packets > 0
        for text in panel_queries():
            scraping.query(text.replace("$lab", LAB).replace("$client", ".*"))
        scraping.check_metrics(server.http.get("/metrics").text)
        own = server.http.get(f"/v1/labs/{LAB}/clients/client2/api/metrics").text
        assert "synthlab_link_packets_in_total" in own
        scraping.check_metrics(own)


def test_the_last_ctrl_c_leaves_nothing(server: Server) -> None:
    """A scenario that is running reverts, and the lab is gone."""
    server.ask("PATCH", f"/v1/labs/{LAB}/conditions", {"clients": ["client1"], "change": {"egress": {"loss": "1%"}}})
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(20) == 130
    assert leftovers(LAB) == []
    assert LAB not in docker("ps", "--all", "--format", "{{.Names}}")
