"""A custom application in the bundled browser: driven by real Playwright and measured at the same time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from selenium import webdriver

from synthlab import Lab

from .chromedriver import chromedriver
from .labs import lab_up, synthlab
from .webapp import HOSTS, PASSWORD, WebApp, web_app

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

LAB = "e2e-browser"
STACK = """\
name: e2e-browser
clients:
  client1:
    app: chrome
    url: "https://app.test:{port}/login.html?name={{name}}"
    tabs: ["https://app.test:{port}/simulcast.html"]
    ca: [ca.pem]
    extra_hosts: ["app.test:host-gateway", "widget.test:host-gateway"]
    permissions:
      "https://app.test:{port}": [camera, microphone, geolocation]
"""

Stats = dict[str, Any]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    """The web application on this machine, and a lab whose browser shows it."""
    folder = tmp_path_factory.mktemp("browser")
    with web_app(folder) as app:
        stack = folder / "browser.yaml"
        stack.write_text(STACK.format(port=app.port))
        with lab_up(LAB, stack):
            yield app


@pytest.fixture(scope="module")
def endpoint(app: WebApp) -> str:
    """The browser's CDP endpoint, once the application is up."""
    assert app.port
    return synthlab("cdp", "client1", "--lab", LAB).stdout.strip()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright, endpoint: str) -> Iterator[Browser]:
    browser = playwright.chromium.connect_over_cdp(endpoint)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def room(browser: Browser) -> Page:
    """The first tab, logged in and joined."""
    page = _page(browser, "login.html")
    page.get_by_label("Name").fill("grace")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/room.html**")
    _join(page)
    return page


@pytest.mark.usefixtures("room")
def test_names_and_stats_of_a_call() -> None:
    """A page that names its tracks has stats by those names, in both directions, while Playwright drives it."""
    stats = _stats(lambda stats: stats["video"]["ada"]["fps"] > 5)
    received, sent = stats["video"]["ada"], stats["sent_video"]["my camera"]
    assert (received["width"], received["height"]) == (sent["width"], sent["height"]) == (320, 240)
    assert {"kbps", "dropped", "lost", "nack", "pli", "fir", "freezes", "freeze_s"} < set(received)
    assert 0 < received["first_frame_ms"] < 10000
    assert {"kbps", "fps", "nack", "pli", "fir", "limited"} < set(sent)
    uplink = stats["connections"]["uplink"]
    assert uplink["state"] == "connected"
    assert (uplink["local"], uplink["remote"], uplink["protocol"]) == ("host", "host", "udp")
    assert uplink["ice_restarts"] == 0


def test_a_widget_of_another_origin(room: Page) -> None:
    """A call in a cross-origin iframe is measured too, under the name of the playing element."""
    assert len(room.frames) == 2
    assert f"https://{HOSTS[1]}" in room.frames[1].url
    heard = _stats(lambda stats: stats["audio"]["widget"]["kbps"] > 1)["audio"]["widget"]
    assert {"concealed", "lost", "jitter_buffer_ms"} < set(heard)


@pytest.mark.usefixtures("room")
def test_layers_of_simulcast() -> None:
    """The simulcast sender of another tab has stats for each layer."""
    sizes = {"low": (160, 120), "high": (320, 240)}

    def settled(stats: Any) -> bool:
        layers = _layers(stats)
        shown = {rid: (one["width"], one["height"]) for rid, one in layers.items()}
        moving = all(one["fps"] > 5 for one in layers.values())
        return moving and shown == sizes and bool(layers["low"]["kbps"] < layers["high"]["kbps"])

    assert set(_layers(_stats(settled))) == set(sizes)


def test_from_python(room: Page, playwright: Playwright, endpoint: str) -> None:
    """Playwright connects to a client's `cdp_url`; screenshots and expectations refer to the same browser."""
    with Lab.attach(LAB) as lab:
        client = lab["client1"]
        assert client.cdp_url == endpoint
        another = playwright.chromium.connect_over_cdp(client.cdp_url)
        assert room.url in [page.url for page in another.contexts[0].pages]
        another.close()
        assert client.screenshot().startswith(b"\x89PNG")
        assert client.expect("video.ada.fps > 5", within="20s").seen["client1.video.ada.fps"]


def test_selenium(room: Page, endpoint: str) -> None:
    """Selenium's `debugger_address` accepts the same endpoint, and the browser survives its quit."""
    options = webdriver.ChromeOptions()
    options.debugger_address = endpoint.removeprefix("http://")
    with chromedriver() as server:
        driver = webdriver.Remote(server, options=options)
        try:
            titles = {}
            for handle in driver.window_handles:
                driver.switch_to.window(handle)
                titles[driver.current_url] = driver.execute_script("return document.title")
        finally:
            driver.quit()
    assert titles[room.url] == room.title()


def test_an_ice_restart_is_counted(room: Page) -> None:
    """A renegotiation does not count as an ICE restart; an ICE restart counts on both sides."""
    room.evaluate("async () => (window.negotiate = (await import('/call.js')).negotiate)")
    room.evaluate("() => negotiate(call.near, call.far)")
    room.evaluate("() => (call.near.restartIce(), negotiate(call.near, call.far))")
    stats = _stats(lambda stats: stats["connections"]["uplink"]["ice_restarts"])
    assert sorted(one["ice_restarts"] for one in stats["connections"].values()) == [0, 0, 0, 0, 1, 1]


def test_after_a_reload(room: Page) -> None:
    """A reload ends a page's stats; those of its next call start from zero."""
    before = _stats(lambda stats: stats["video"]["ada"]["frames"] > 60)["video"]["ada"]["frames"]
    room.reload()
    _stats(lambda stats: "ada" not in stats["video"])
    _join(room)
    after = _stats(lambda stats: stats["video"]["ada"]["fps"] > 5)["video"]["ada"]["frames"]
    assert after < before


@pytest.mark.issue(10)
def test_console_and_exceptions_are_kept(browser: Browser, room: Page, app: WebApp) -> None:
    """Console output and exceptions are logged and counted, across a reload and a closed tab; banners are not."""
    before = _stats(lambda stats: "console" in stats)["console"]
    room.evaluate("() => { console.error('first', {a: 1}); setTimeout(() => { throw new Error('oops') }); }")
    room.wait_for_timeout(200)
    room.reload()
    _join(room)
    tab = browser.contexts[0].new_page()
    tab.goto(app.url("/login.html"))
    tab.evaluate("() => console.error('in a tab\\u001b[2J')")
    tab.close()
    after = _stats(lambda stats: stats["console"]["errors"] >= before["errors"] + 2)["console"]
    assert after["exceptions"] == before["exceptions"] + 1
    lines = synthlab("logs", "client1", "--console", "--lab", LAB).stdout.splitlines()
    assert "error: first {a: 1}" in [line.partition(" (")[0] for line in lines]
    assert any(line.startswith("exception: Uncaught Error: oops") for line in lines)
    assert any(line.startswith("error: in a tab") for line in lines)
    log = synthlab("logs", "client1", "--lab", LAB).stdout
    assert not [word for word in ("Xvnc", "TigerVNC", "DevTools listening") if word in log]


def test_permissions(room: Page, browser: Browser, app: WebApp) -> None:
    """An origin gets the permissions the stack lists; elsewhere camera and microphone are denied."""
    states = "names => Promise.all(names.map(async name => (await navigator.permissions.query({name})).state))"
    names = ["camera", "microphone", "geolocation", "notifications"]
    assert room.evaluate(states, names) == ["granted", "granted", "granted", "prompt"]
    page = browser.contexts[0].new_page()
    page.goto(app.url("/login.html", HOSTS[1]))
    assert page.evaluate(states, names) == ["denied", "denied", "prompt", "prompt"]
    asking = "() => navigator.mediaDevices.getUserMedia({video: true}).then(() => 'given', error => error.name)"
    assert page.evaluate(asking) == "NotAllowedError"
    page.close()


def test_several_debuggers(room: Page, playwright: Playwright, endpoint: str) -> None:
    """A second and third DevTools client see the same pages, while the first one and the lab's stats continue."""
    others = [playwright.chromium.connect_over_cdp(endpoint) for _ in range(2)]
    for other in others:
        assert {page.title() for page in other.contexts[0].pages} == {"Room", "Simulcast"}
        other.close()
    assert room.title() == "Room"
    _stats(lambda stats: stats["video"]["ada"]["fps"] > 5)


@pytest.mark.parametrize("header", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_pages_are_refused(endpoint: str, header: dict[str, str]) -> None:
    """Requests as web pages send them are refused; the reported browser address uses the published port."""
    assert httpx.get(f"{endpoint}/json/version", headers=header).status_code == 403
    version = httpx.get(f"{endpoint}/json/version").json()
    assert version["webSocketDebuggerUrl"].startswith(endpoint.replace("http://", "ws://"))


def test_stats_of_the_applications_own(room: Page) -> None:
    """A program in the container can publish stats; a page of another origin cannot."""
    posting = (
        "from urllib.request import Request, urlopen; urlopen(Request('http://127.0.0.1/v1/stats', "
        "b'{\"app\": {\"joined_ms\": 812}}', {'Content-Type': 'application/json'}))"
    )
    synthlab("exec", "client1", "--lab", LAB, "--", "python3", "-c", posting)
    _stats(lambda stats: stats["app"]["joined_ms"] == 812)
    outcome = room.evaluate(
        "() => fetch('http://127.0.0.1/v1/stats', {method: 'POST', body: '{\"app\": {\"joined_ms\": 1}}'})"
        ".then(answer => answer.status, error => error.name)"
    )
    assert outcome in (403, "TypeError")
    assert _stats(lambda stats: "app" in stats)["app"] == {"joined_ms": 812}


def _page(browser: Browser, part: str) -> Page:
    """The tab with this text in its URL, once it exists."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for page in browser.contexts[0].pages:
            if part in page.url:
                return page
        browser.contexts[0].pages[0].wait_for_timeout(100)
    pytest.fail(f"no tab with {part}: {[page.url for page in browser.contexts[0].pages]}")


def _join(page: Page) -> None:
    page.get_by_role("button", name="Join").click()
    page.wait_for_function("() => document.querySelector('#remote').videoWidth > 0")


def _stats(settled: Callable[[Stats], bool], seconds: float = 30) -> Stats:
    """The client's stats, once they satisfy the condition."""
    api = json.loads(synthlab("ps", "--json", "--lab", LAB).stdout)[0]["api"]
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = httpx.get(f"{api}/v1/stats").json()
        stats: Stats = answer["values"]
        try:
            if settled(stats) and answer["age_s"]["video"] < 3:
                return stats
        except KeyError:
            pass  # not there yet
        time.sleep(0.3)
    pytest.fail(f"after {seconds} s the numbers are {json.dumps(stats, indent=1)}")


def _layers(stats: Stats) -> Stats:
    (layers,) = [one["layers"] for one in stats["sent_video"].values() if "layers" in one] or [{"none": {"fps": 0}}]
    return dict(layers)
