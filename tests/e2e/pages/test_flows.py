"""Flows on the control page: made, broken alone, put in order."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from ..labs import until
from ..pair import Pair
from .arrivals import OTHER_PORT, PORT, Arrivals
from .client_api import ClientApi
from .hand import drag_to, number

pytestmark = [pytest.mark.docker, pytest.mark.issue(12), pytest.mark.timeout(120)]


def test_a_flow_by_its_expression(page: Page, api: ClientApi) -> None:
    """A typo is reported while it is typed, where it is typed; a valid expression makes an opened panel."""
    field, verdict = page.locator("#flow-expression"), page.locator("#flow-verdict")
    field.fill("*:udp:http")
    expect(verdict).to_contain_text("'http' is not a port")
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_disabled()
    field.fill("*:udp")
    expect(verdict).to_contain_text("Valid")
    field.press("Enter")
    number(page, "*:udp Download loss").fill("5")
    number(page, "*:udp Download loss").press("Enter")
    until(lambda: api.conditions == {"flows": {"*:udp": {"ingress": {"loss": "5%"}}}})
    field.fill("*:udp:53")
    expect(verdict).to_contain_text("never matches")
    page.get_by_role("button", name="Add before the others").click()
    expect(page.locator("[data-panel]")).to_have_count(3)
    assert list(api.conditions["flows"]) == ["*:udp:53", "*:udp"]
    page.locator("[data-panel='*:udp']").get_by_role("button", name="Duplicate").click()
    field.fill("*:tcp")
    field.press("Enter")
    until(lambda: api.conditions["flows"].get("*:tcp") == {"ingress": {"loss": "5%"}})


def test_typing_goes_on_while_a_flow_is_made(page: Page, api: ClientApi) -> None:
    """What is typed while the request for a flow is under way is kept."""
    field, changes = page.locator("#flow-expression"), "**/v1/conditions?by=page"
    requests = list[Route]()
    page.route(changes, lambda route: requests.append(route))  # noqa: PLW0108 - Playwright marks the function
    field.fill("*:udp")
    with page.expect_request(changes):
        field.press("Enter")
    field.fill("*:tcp:44")
    requests.pop().continue_()
    expect(page.locator("[data-panel='*:udp']")).to_be_visible()
    page.unroute(changes)
    expect(field).to_have_value("*:tcp:44")
    field.press("Enter")
    expect(field).to_have_value("")
    assert list(api.conditions["flows"]) == ["*:udp", "*:tcp:44"]


def test_mute_a_flow(page: Page, api: ClientApi, arrivals: Arrivals) -> None:
    """Muted, a flow keeps its outage but lets its packets pass; put in force again, it stops them."""
    broken = {"flows": {f"*:udp:{PORT}": {"egress": {"outage": True}}}}
    api.change(broken)
    mute = page.locator(f"[data-panel='*:udp:{PORT}']").get_by_role("button", name=re.compile("^Muted?$"))

    def passes() -> bool:
        began = time.time() + 0.1
        page.wait_for_timeout(400)
        return bool(arrivals.times(PORT, began, time.time()))

    expect(mute).to_have_attribute("aria-pressed", "false")
    assert not passes()
    mute.click()
    expect(mute).to_have_attribute("aria-pressed", "true")
    assert passes()
    assert api.conditions["flows"][f"*:udp:{PORT}"] == broken["flows"][f"*:udp:{PORT}"] | {"muted": True}
    mute.click()
    expect(mute).to_have_attribute("aria-pressed", "false")
    assert not passes()
    assert api.conditions == broken


def test_a_profile_of_a_flow(page: Page, api: ClientApi) -> None:
    """It replaces all values of this flow, in both directions, and nothing else; one undo restores them."""
    other, flow = {"ingress": {"loss": "1%"}}, {"egress": {"loss": "3%"}, "muted": True}
    before: dict[str, Any] = {"egress": {"latency": "9ms"}, "flows": {"*:tcp": other, "*:udp": flow}}
    api.change(before)
    page.get_by_role("button", name="Profile of *:udp", exact=True).click()
    page.get_by_role("button", name="wpt/3g-slow").click()
    slow = {"rate": "400kbit", "latency": "200ms"}
    changed = {"ingress": slow, "egress": slow, "muted": True}
    until(lambda: api.conditions == before | {"flows": {"*:tcp": other, "*:udp": changed}})
    page.get_by_role("button", name="Undo", exact=True).click()
    until(lambda: api.conditions == before)


def test_break_only_one_kind_of_traffic(page: Page, api: ClientApi, arrivals: Arrivals) -> None:
    """From a row of traffic to a broken flow, and back, in four actions; other traffic passes throughout."""
    page.locator(".row-button", has_text=f":{PORT}").first.click()
    page.get_by_role("button", name="Make a panel").click()
    expect(page.locator("[data-panel]")).to_have_count(2)
    expect(page.get_by_role("slider", name="Upload rate").last).to_be_focused()
    page.keyboard.press("Home")
    until(lambda: "outage" in json.dumps(api.conditions))
    began = time.time() + 0.1
    page.wait_for_timeout(800)
    ended = time.time()
    page.get_by_role("button", name="Undo").click()
    until(lambda: "outage" not in json.dumps(api.conditions))
    freed = time.time()
    page.wait_for_timeout(300)
    assert arrivals.times(PORT, began, ended) == []
    assert len(arrivals.times(OTHER_PORT, began, ended)) >= 4
    assert len(arrivals.times(PORT, freed, time.time())) > 10


def test_the_order_of_flows_decides(lab: Pair, page: Page, api: ClientApi, arrivals: Arrivals) -> None:
    """Moved before another that matches the same packets, a flow takes them: by button, arrow key and dragging."""
    broken = lab.address("client1")
    api.change({"flows": {"*:udp": {}, broken: {"egress": {"outage": True}}}})
    flow = page.locator(f"[data-panel='{broken}']")

    def moved(act: Callable[[], None], first: str) -> bool:
        act()
        until(lambda: next(iter(api.conditions["flows"])) == first)
        began = time.time() + 0.1
        page.wait_for_timeout(400)
        return bool(arrivals.times(PORT, began, time.time()))

    assert not moved(flow.get_by_role("button", name=f"Move {broken} up").click, broken)
    assert moved(lambda: flow.locator(".grip").press("ArrowDown"), "*:udp")
    assert not moved(lambda: drag_to(page, flow.locator(".grip"), page.locator("[data-panel='*:udp']")), broken)
