"""What the control page shows, in many tabs, and to everyone."""

from __future__ import annotations

import json
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ..labs import docker
from ..pair import Pair
from .arrivals import Arrivals
from .client_api import ClientApi
from .hand import slider

pytestmark = [pytest.mark.docker, pytest.mark.issue(12), pytest.mark.timeout(120)]

MUTED = {"ingress": {"loss": "5%"}, "muted": True}
TABS = 7
"""More than the connections a browser opens to one address."""


def test_the_charts_agree_with_a_receiver(page: Page, api: ClientApi, arrivals: Arrivals) -> None:
    """The measured rate beside the set one is that of the packets a receiver counts, within 5 %."""
    api.change({"egress": {"rate": "800kbit", "queue": "100ms"}})
    page.wait_for_timeout(2200)
    shown = list[str]()
    for _ in range(3):
        page.wait_for_timeout(1000)
        shown.append(page.locator("section[aria-label='All traffic, Upload'] .key-measured").first.inner_text())
    ended = time.time()
    expect(page.locator(".key-set", has_text="set 800 kbit/s").first).to_be_visible()
    measured = [float(text.removesuffix(" kbit/s")) * 1000 for text in shown]
    assert sum(measured) / 3 == pytest.approx(arrivals.rate_bps(ended - 4, ended - 0.5), rel=0.05)


def test_many_tabs(lab: Pair, page: Page, api: ClientApi) -> None:
    """All pages of one browser follow a change, although it opens only six connections to one address."""
    others = [page.context.new_page() for _ in range(TABS - 1)]
    for other in others:
        other.goto(f"http://{lab.address('client2')}/ui/", wait_until="commit")
    api.change({"egress": {"rate": "300kbit"}})
    for one in (page, *others):
        expect(slider(one, "All traffic Upload rate")).to_have_attribute("aria-valuetext", "300 kbit/s")
    for other in others:
        other.close()


def test_a_client_that_does_not_answer(lab: Pair, page: Page, api: ClientApi) -> None:
    """The page says so within seconds, still shows what it knows, and goes on by itself."""
    api.change({"egress": {"rate": "300kbit"}})
    rate = slider(page, "All traffic Upload rate")
    expect(rate).to_have_attribute("aria-valuetext", "300 kbit/s")
    docker("pause", lab.container("client2"))
    try:
        expect(page.locator(".health")).to_have_text("No answer", timeout=8000)
        expect(page.get_by_text("What you see is from before")).to_be_visible()
        expect(rate).to_have_attribute("aria-valuetext", "300 kbit/s")
    finally:
        docker("unpause", lab.container("client2"))
    expect(page.get_by_text("What you see is from before")).to_have_count(0, timeout=8000)
    api.change({"egress": {"rate": "200kbit"}})
    expect(rate).to_have_attribute("aria-valuetext", "200 kbit/s")


def test_a_module_that_did_not_come(lab: Pair, tab: Page) -> None:
    """The page loads again where the browser lost one of its files, as it does when networks of its machine change."""
    tab.route("**/ui/undo.js", lambda route: route.abort(), times=1)
    tab.goto(f"http://{lab.address('client2')}/ui/")
    expect(tab.get_by_role("heading", name="client2")).to_be_visible()


def test_what_else_shows_the_client(page: Page) -> None:
    """In the lab's network, where ports of the host lead nowhere, there are commands; the numbers are a link."""
    page.get_by_role("button", name="See also").click()
    expect(page.locator(".places dt")).to_have_text(["Page of the lab", "WebRTC numbers"])
    expect(page.locator(".places code")).to_have_text("synthlab dashboard")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="/v1/stats").click()
    assert "values" in json.loads(opened.value.inner_text("body"))
    opened.value.close()


@pytest.mark.usefixtures("arrivals")
def test_accessibility(page: Page, api: ClientApi) -> None:
    """With all of the page in use, axe finds nothing wrong in either colour scheme, and nothing is too wide."""
    api.change({"egress": {"rate": "500kbit"}, "flows": {"*:udp": MUTED, "*:tcp": MUTED}})
    page.get_by_role("button", name="*:udp", exact=True).click()
    page.get_by_role("button", name="More values").first.click()
    page.get_by_role("button", name="Dog 10 s").click()
    page.locator(".row-button").first.click()
    page.get_by_role("button", name="See also").click()
    page.locator("#flow-expression").fill("nonsense:nonsense")
    expect(page.locator("#flow-verdict")).to_have_class("refusal")
    for scheme, width in (("light", 1280), ("dark", 400)):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
