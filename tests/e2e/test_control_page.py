"""The control page in a real Chrome, at a real client: what a hand does there happens to packets."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from .labs import lab_up, synthlab
from .pair import Pair

pytestmark = [pytest.mark.docker, pytest.mark.issue(12), pytest.mark.timeout(120)]

NAME = "e2e-control-page"
# Chrome may block pages from local network addresses; other browsers do not, so the check is disabled here.
STACK = f"""\
name: {NAME}
clients:
  client1: {{app: chrome, url: "about:blank", flags: [--disable-features=LocalNetworkAccessChecks]}}
  client2: {{image: syntheticnet, command: sleep infinity, allow: [client1]}}
"""
PORT, OTHER_PORT = 7000, 7001
RATE_BPS = 1_000_000
LASTS_S = 600
HEADERS = 14 + 20 + 8
AT_ONCE_MS = 100
TABS = 7
"""More than the connections a browser opens to one address."""
NOTE_INPUTS = """() => { window.inputs = []; for (const name of ["input", "pointerdown", "pointerup"])
  addEventListener(name, () => inputs.push(performance.timeOrigin + performance.now()), true); }"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    stack = tmp_path_factory.mktemp("stack") / "page.yaml"
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


@pytest.fixture(scope="module")
def api(lab: Pair) -> Iterator[httpx.Client]:
    """The API of client2, asked from the host."""
    with httpx.Client(base_url=f"http://127.0.0.1:{lab.port('client2')}/v1") as client:
        yield client


class Arrivals:
    """Packets from client2 that arrive at client1, as they come: 1 Mbit/s to PORT, a tenth of it to OTHER_PORT."""

    def __init__(self, lab: Pair) -> None:
        self._came: list[tuple[int, float, int]] = []
        modes = {"follow": (), "stream": (lab.address("client1"),)}
        programs = [
            (client, mode, *modes[mode], str(port), str(LASTS_S), *rate)
            for port, bps in ((PORT, RATE_BPS), (OTHER_PORT, RATE_BPS / 10))
            for client, mode, rate in (("client1", "follow", ()), ("client2", "stream", (str(bps),)))
        ]
        self._programs = [_in_container(lab.container(client), *arguments) for client, *arguments in programs]
        receivers = self._programs[::2]
        self._readers = [threading.Thread(target=self._read, args=(one,), daemon=True) for one in receivers]
        for reader in self._readers:
            reader.start()
        _until(lambda: {port for port, _, _ in self._came} == {PORT, OTHER_PORT}, 20)

    def times(self, port: int, began: float, ended: float) -> list[float]:
        """When each arrived within this time, in seconds since the epoch."""
        return [at for number, at, _ in list(self._came) if number == port and began < at < ended]

    def rate_bps(self, began: float, ended: float) -> float:
        """The rate at which they arrived, counting frames."""
        octets = [size + HEADERS for _, at, size in list(self._came) if began < at < ended]
        return sum(octets) * 8 / (ended - began)

    def close(self) -> None:
        for program in self._programs:
            program.terminate()
            program.wait()
        for reader in self._readers:
            reader.join()
        for program in self._programs:
            assert program.stdout
            program.stdout.close()

    def _read(self, program: subprocess.Popen[str]) -> None:
        assert program.stdout
        for line in program.stdout:
            if line[0].isdecimal():
                port, at_ns, size = map(int, line.split())
                self._came.append((port, at_ns / 1e9, size))


@pytest.fixture(scope="module")
def arrivals(lab: Pair) -> Iterator[Arrivals]:
    """Traffic for all tests; what sends and receives it in the containers ends with the lab."""
    arrivals = Arrivals(lab)
    yield arrivals
    arrivals.close()


@pytest.fixture
def page(lab: Pair, browser: Browser, api: httpx.Client) -> Iterator[Page]:
    """The control page of client2, whose console must stay free of errors; client2 is reset before."""
    api.delete("/conditions")
    page, errors = browser.contexts[0].new_page(), list[str]()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.on("console", lambda entry: errors.append(entry.text) if entry.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"http://{lab.address('client2')}/ui/")
    expect(page.get_by_role("heading", name="client2")).to_be_visible()
    yield page
    page.close()
    # Chrome itself notes refused requests, such as the check of an expression that is half typed.
    assert [error for error in errors if "422" not in error] == []


def test_a_drag_reaches_the_packets_at_once(page: Page, arrivals: Arrivals) -> None:
    """A slider dragged to "nothing passes" and to "unlimited" stops and frees the packets within 100 ms."""
    rate = _slider(page, "All traffic Upload rate")

    def drags() -> None:
        for share in (0.0, 1.0, 0.0, 1.0):
            _drag(page, rate, share)
            page.wait_for_timeout(350)

    late_ms = _delays_ms(page, arrivals, drags)
    assert len(late_ms) == 4
    assert sorted(late_ms)[2] <= AT_ONCE_MS, late_ms


def test_a_push_does_not_move_what_a_hand_holds(page: Page, api: httpx.Client) -> None:
    """A slider that is held keeps its place while others change the value, and follows them once released."""
    latency = _slider(page, "All traffic Upload latency")
    box = latency.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    held = latency.get_attribute("aria-valuetext")
    page.wait_for_timeout(300)
    _patch(api, {"egress": {"latency": "7ms"}})
    page.wait_for_timeout(1500)
    assert latency.get_attribute("aria-valuetext") == held
    page.mouse.up()
    expect(latency).to_have_attribute("aria-valuetext", "7 ms")
    _patch(api, {"egress": {"latency": "9ms"}})
    expect(latency).to_have_attribute("aria-valuetext", "9 ms")


def test_hold_to_break(page: Page, api: httpx.Client, arrivals: Arrivals) -> None:
    """Packets stop within 100 ms of a press and pass within 100 ms of the release; a closed page frees them in 1 s."""
    button = page.locator(".hold")

    def press() -> None:
        box = button.bounding_box()
        assert box
        page.mouse.move(box["x"] + 9, box["y"] + 9)
        page.mouse.down()

    def holds() -> None:
        for held_ms in (400, 1300):
            press()
            page.wait_for_timeout(held_ms)
            page.mouse.up()
            page.wait_for_timeout(350)

    late_ms = _delays_ms(page, arrivals, holds)
    assert len(late_ms) == 4
    assert sorted(late_ms)[2] <= AT_ONCE_MS, late_ms
    press()
    _until(lambda: len(api.get("/state").json()["leases"]) == 1)
    page.close()
    closed = time.time()
    _until(lambda: bool(arrivals.times(PORT, closed, closed + 1)), 1.2)


def test_a_flow_by_its_expression(page: Page, api: httpx.Client) -> None:
    """A typo is reported while it is typed, where it is typed; a valid expression makes an opened panel."""
    field, verdict = page.locator("#flow-expression"), page.locator("#flow-verdict")
    field.fill("*:udp:http")
    expect(verdict).to_contain_text("'http' is not a port")
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_disabled()
    field.fill("*:udp")
    expect(verdict).to_contain_text("Valid")
    field.press("Enter")
    _number(page, "*:udp Download loss").fill("5")
    _number(page, "*:udp Download loss").press("Enter")
    _until(lambda: _conditions(api) == {"flows": {"*:udp": {"ingress": {"loss": "5%"}}}})
    field.fill("*:udp:53")
    expect(verdict).to_contain_text("never matches")
    page.get_by_role("button", name="Add before the others").click()
    expect(page.locator("[data-panel]")).to_have_count(3)
    assert list(_conditions(api)["flows"]) == ["*:udp:53", "*:udp"]
    page.locator("[data-panel='*:udp']").get_by_role("button", name="Duplicate").click()
    field.fill("*:tcp")
    field.press("Enter")
    _until(lambda: _conditions(api)["flows"].get("*:tcp") == {"ingress": {"loss": "5%"}})


def test_break_only_one_kind_of_traffic(page: Page, api: httpx.Client, arrivals: Arrivals) -> None:
    """From a row of traffic to a broken flow, and back, in four actions; other traffic passes throughout."""
    page.locator(".row-button", has_text=f":{PORT}").first.click()
    page.get_by_role("button", name="Make a panel").click()
    expect(page.locator("[data-panel]")).to_have_count(2)
    expect(page.get_by_role("slider", name="Upload rate").last).to_be_focused()
    page.keyboard.press("Home")
    _until(lambda: "outage" in json.dumps(_conditions(api)))
    began = time.time() + 0.1
    page.wait_for_timeout(800)
    ended = time.time()
    page.get_by_role("button", name="Undo").click()
    _until(lambda: "outage" not in json.dumps(_conditions(api)))
    freed = time.time()
    page.wait_for_timeout(300)
    assert arrivals.times(PORT, began, ended) == []
    assert len(arrivals.times(OTHER_PORT, began, ended)) >= 4
    assert len(arrivals.times(PORT, freed, time.time())) > 10


def test_the_order_of_flows_decides(lab: Pair, page: Page, api: httpx.Client, arrivals: Arrivals) -> None:
    """Moved before another that matches the same packets, a flow takes them: by button, arrow key and dragging."""
    broken = lab.address("client1")
    _patch(api, {"flows": {"*:udp": {}, broken: {"egress": {"outage": True}}}})
    flow = page.locator(f"[data-panel='{broken}']")

    def moved(act: Callable[[], None], first: str) -> bool:
        act()
        _until(lambda: next(iter(_conditions(api)["flows"])) == first)
        began = time.time() + 0.1
        page.wait_for_timeout(400)
        return bool(arrivals.times(PORT, began, time.time()))

    assert not moved(flow.get_by_role("button", name=f"Move {broken} up").click, broken)
    assert moved(lambda: flow.locator(".grip").press("ArrowDown"), "*:udp")
    assert not moved(lambda: _drag_to(page, flow.locator(".grip"), page.locator("[data-panel='*:udp']")), broken)


def test_undo_and_redo(page: Page, api: httpx.Client) -> None:
    """Undo takes back a whole drag, a removed flow and a reset; what somebody else has set meanwhile stays."""
    undo, redo = (page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo"))
    _patch(
        api, {"egress": {"rate": "5mbit", "queue": "1s"}, "flows": {"*:tcp": {"egress": {"loss": "1%"}}, "*:udp": {}}}
    )
    before = _conditions(api)
    expect(page.locator("[data-panel]")).to_have_count(3)
    _drag(page, _slider(page, "All traffic Upload rate"), 0.3)
    _until(lambda: _conditions(api)["egress"]["rate"] != "5mbit")
    page.locator("[data-panel='*:tcp']").get_by_role("button", name="Remove").click()
    expect(page.locator("[data-panel]")).to_have_count(2)
    dragged = _conditions(api)
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("[data-panel]")).to_have_count(1)
    _patch(api, {"ingress": {"latency": "80ms"}})
    for wanted in (dragged, dragged | {"flows": before["flows"]}, before):
        undo.click()
        _until(lambda wanted=wanted: _conditions(api) == wanted | {"ingress": {"latency": "80ms"}})  # type: ignore[misc]
    assert list(_conditions(api)["flows"]) == ["*:tcp", "*:udp"]
    expect(undo).to_be_disabled()
    redo.click()
    _until(lambda: _conditions(api)["egress"] == dragged["egress"])


def test_changes_for_a_time(page: Page, api: httpx.Client) -> None:
    """Changes for a time are leases, one for a drag, shown as chips that cancel them; "Dog 10 s" is one."""
    page.get_by_label("How long changes last").select_option("30s")
    _drag(page, _slider(page, "All traffic Download latency"), 0.5)
    page.get_by_role("button", name="Dog 10 s").click()
    chips = page.locator(".lease")
    expect(chips).to_have_count(2)
    expect(chips.last).to_contain_text("upload: rate 100kbit")
    state = api.get("/state").json()
    assert state["conditions"]["egress"] == {"rate": "100kbit"}
    assert state["base"] == {}
    chips.first.get_by_role("button").click()
    expect(chips).to_have_count(1)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(chips).to_have_count(0)


def test_the_charts_agree_with_a_receiver(page: Page, api: httpx.Client, arrivals: Arrivals) -> None:
    """The measured rate beside the set one is that of the packets a receiver counts, within 5 %."""
    _patch(api, {"egress": {"rate": "800kbit", "queue": "100ms"}})
    page.wait_for_timeout(2200)
    shown = list[str]()
    for _ in range(3):
        page.wait_for_timeout(1000)
        shown.append(page.locator("section[aria-label='All traffic, Upload'] .key-measured").first.inner_text())
    ended = time.time()
    expect(page.locator(".key-set", has_text="set 800 kbit/s").first).to_be_visible()
    measured = [float(text.removesuffix(" kbit/s")) * 1000 for text in shown]
    assert sum(measured) / 3 == pytest.approx(arrivals.rate_bps(ended - 4, ended - 0.5), rel=0.05)


def test_the_other_values(page: Page, api: httpx.Client, tmp_path: Path) -> None:
    """Every condition is under "More values", with its refusal beside it; a trace is uploaded and used."""
    page.get_by_role("button", name="More values").first.click()
    names = {row["name"] for row in api.get("/schema").json()["conditions"]}
    assert page.locator(".more-value").count() == 2 * (len(names) - 4)  # four are sliders
    mtu = page.get_by_label("All traffic Upload mtu", exact=True)
    mtu.fill("1400")
    mtu.press("Enter")
    expect(page.locator(".more-value .refusal")).to_contain_text("'1400' is not")
    mtu.fill("1400b")
    mtu.press("Enter")
    _until(lambda: _conditions(api) == {"egress": {"mtu": "1400b"}})
    trace = tmp_path / "wifi.delay"
    trace.write_text("0 5\n100 10\n")
    page.get_by_label("Upload a file for All traffic Download delay trace").set_input_files(trace)
    _until(lambda: _conditions(api).get("ingress") == {"delay_trace": "wifi.delay"})
    expect(page.get_by_role("button", name="More values 2 set")).to_be_visible()


def test_by_keyboard_alone(page: Page, api: httpx.Client) -> None:
    """Sliders, panels, profiles and the held outage work without a pointer, and the focus stays where it was."""
    rate = _slider(page, "All traffic Upload rate")
    rate.focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(rate).to_have_attribute("aria-valuetext", "11 kbit/s")
    expect(rate).to_be_focused()
    _until(lambda: _conditions(api) == {"egress": {"rate": "11kbit"}})
    page.get_by_role("button", name="Profile").press("Enter")
    page.keyboard.type("wpt 3g-slow")
    page.keyboard.press("Enter")
    _until(lambda: _conditions(api).get("ingress") == {"rate": "400kbit", "latency": "200ms"})
    page.get_by_role("button", name="Hold to break").focus()
    page.keyboard.down("Space")
    _until(lambda: len(api.get("/state").json()["leases"]) == 1)
    page.keyboard.up("Space")
    _until(lambda: api.get("/state").json()["leases"] == [])


def test_many_tabs(lab: Pair, page: Page, api: httpx.Client) -> None:
    """All pages of one browser follow a change, although it opens only six connections to one address."""
    others = [page.context.new_page() for _ in range(TABS - 1)]
    for other in others:
        other.goto(f"http://{lab.address('client2')}/ui/", wait_until="commit")
    _patch(api, {"egress": {"rate": "300kbit"}})
    for one in (page, *others):
        expect(_slider(one, "All traffic Upload rate")).to_have_attribute("aria-valuetext", "300 kbit/s")
    for other in others:
        other.close()


@pytest.mark.usefixtures("arrivals")
def test_accessibility(page: Page, api: httpx.Client) -> None:
    """With all of the page in use, axe finds nothing wrong in either colour scheme, and nothing is too wide."""
    _patch(api, {"egress": {"rate": "500kbit"}, "flows": {"*:udp": {"ingress": {"loss": "5%"}}}})
    page.get_by_role("button", name="*:udp", exact=True).click()
    page.get_by_role("button", name="More values").first.click()
    page.get_by_role("button", name="Dog 10 s").click()
    page.locator(".row-button").first.click()
    page.locator("#flow-expression").fill("nonsense:nonsense")
    expect(page.locator("#flow-verdict")).to_have_class("refusal")
    for scheme, width in (("light", 1280), ("dark", 400)):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def _slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def _number(page: Page, name: str) -> Locator:
    return page.get_by_label(f"{name}, as a number", exact=True)


def _drag(page: Page, slider: Locator, share: float) -> None:
    """Drag the thumb from where it is to a share of the slider's length."""
    box = slider.bounding_box()
    assert box
    most = int(slider.get_attribute("max") or 1)
    at = int(slider.input_value()) / most
    thumb = 16
    left, long = box["x"] + thumb / 2, box["width"] - thumb
    page.mouse.move(left + at * long, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(left + share * long + (3 if share else -3), box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()


def _drag_to(page: Page, grip: Locator, target: Locator) -> None:
    """Drag a grip above another panel."""
    grip.scroll_into_view_if_needed()
    start, end = grip.bounding_box(), target.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(end["x"] + 20, end["y"] + 2, steps=5)
    page.mouse.up()


def _delays_ms(page: Page, arrivals: Arrivals, act: Callable[[], None]) -> list[float]:
    """How long after the hand's last move packets stopped, or arrived again, for each time they did."""
    page.evaluate(NOTE_INPUTS)
    began = time.time()
    page.wait_for_timeout(100)
    act()
    inputs: list[float] = page.evaluate("() => inputs")
    came = [at * 1000 for at in arrivals.times(PORT, began, time.time())]
    gaps = [(one, other) for one, other in pairwise(came) if other - one > 200]
    edges = [edge for gap in gaps for edge in gap]
    return [edge - max((moved for moved in inputs if moved < edge + 20), default=0) for edge in edges]


def _in_container(container: str, *arguments: str) -> subprocess.Popen[str]:
    """stamps.py, running in a container until its time is over or the container ends."""
    command = ["docker", "exec", "-i", container, "python3", "-", *arguments]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert program.stdin
    program.stdin.write((Path(__file__).parent / "stamps.py").read_text())
    program.stdin.close()
    return program


def _patch(api: httpx.Client, change: dict[str, Any]) -> None:
    api.patch("/conditions", json=change).raise_for_status()


def _conditions(api: httpx.Client) -> dict[str, Any]:
    return {name: value for name, value in api.get("/conditions").json().items() if name != "seed"}


def _until(reached: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not so within {seconds:g} s"
        time.sleep(0.02)
