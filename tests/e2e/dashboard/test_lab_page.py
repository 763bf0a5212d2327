"""The page of a lab: changes, cuts, scenarios and its drawer, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ..labs import until
from .server import Server, reached, states

pytestmark = [pytest.mark.docker, pytest.mark.issue(12)]


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


@pytest.mark.issue(15)
def test_words_of_netem(server: Server, page: Page) -> None:
    """What a text means is shown before it is set; a mistake names the option."""
    page.get_by_role("region", name="Participants").get_by_role("button", name="client1").click()
    page.get_by_text("In the words of tc-netem").click()
    field = page.get_by_label("All traffic in the words of tc-netem", exact=True)
    field.fill("dely 40ms")
    page.get_by_role("button", name="Translate").click()
    expect(page.get_by_text("'dely' is not an option; did you mean delay?")).to_be_visible()
    field.fill("delay 40ms loss 1% 25%")
    page.get_by_role("button", name="Translate").click()
    expect(page.get_by_text("loss 1%, loss correlation 25%, latency 40ms")).to_be_visible()
    page.get_by_label("Direction of All traffic in the words of tc-netem").select_option("Upload")
    page.get_by_role("button", name="Set", exact=True).click()
    wanted = {"loss": "1%", "loss_correlation": "25%", "latency": "40ms"}
    until(lambda: states(server)[0]["conditions"].get("egress") == wanted, 10, lambda: states(server)[0]["conditions"])
    assert "ingress" not in states(server)[0]["conditions"]


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
