"""The control page under a hand: what is dragged, held or typed there happens to packets."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, Playwright, expect

from ..labs import docker, until
from ..viewer import viewer
from .arrivals import PORT, Arrivals
from .client_api import ClientApi
from .hand import delays_ms, drag, press, slider

pytestmark = [pytest.mark.docker, pytest.mark.issue(12), pytest.mark.timeout(120)]

AT_ONCE_MS = 100
HOLDER = "e2e-pages-holder"


def test_a_drag_reaches_the_packets_at_once(page: Page, arrivals: Arrivals) -> None:
    """A slider dragged to "nothing passes" and to "unlimited" stops and frees the packets within 100 ms."""
    rate = slider(page, "All traffic Upload rate")

    def drags() -> None:
        for share in (0.0, 1.0, 0.0, 1.0):
            drag(page, rate, share)
            page.wait_for_timeout(350)

    late_ms = delays_ms(page, arrivals, drags)
    assert len(late_ms) == 4
    assert sorted(late_ms)[2] <= AT_ONCE_MS, late_ms


def test_hold_to_break(page: Page, arrivals: Arrivals) -> None:
    """Packets stop within 100 ms of a press, and pass again within 100 ms of the release."""

    def holds() -> None:
        for held_ms in (400, 1300):
            press(page, page.locator(".hold"))
            page.wait_for_timeout(held_ms)
            page.mouse.up()
            page.wait_for_timeout(350)

    late_ms = delays_ms(page, arrivals, holds)
    assert len(late_ms) == 4
    assert sorted(late_ms)[2] <= AT_ONCE_MS, late_ms


def test_a_hold_ends_with_its_page(page: Page, api: ClientApi, arrivals: Arrivals) -> None:
    """Packets pass again at most 1 s after the page that held them was closed."""
    _hold(page, api, arrivals)
    page.close()
    ended = time.time()
    until(lambda: bool(arrivals.times(PORT, ended, ended + 1)), 1.3)


def test_a_hold_ends_with_its_browser(playwright: Playwright, api: ClientApi, arrivals: Arrivals) -> None:
    """Packets pass again at most 1 s after the browser that held them was killed."""
    with viewer(HOLDER, playwright) as browser:
        page = browser.contexts[0].new_page()
        page.goto(f"{api.base_url.join('/ui/')}")
        _hold(page, api, arrivals)
        docker("kill", HOLDER)
        ended = time.time()
        until(lambda: bool(arrivals.times(PORT, ended, ended + 1)), 1.3)


def test_a_push_does_not_move_what_a_hand_holds(page: Page, api: ClientApi) -> None:
    """A slider that is held keeps its place while others change the value, and follows them once released."""
    latency = slider(page, "All traffic Upload latency")
    press(page, latency)
    held = latency.get_attribute("aria-valuetext")
    page.wait_for_timeout(300)
    api.change({"egress": {"latency": "7ms"}})
    page.wait_for_timeout(1500)
    assert latency.get_attribute("aria-valuetext") == held
    page.mouse.up()
    expect(latency).to_have_attribute("aria-valuetext", "7 ms")
    api.change({"egress": {"latency": "9ms"}})
    expect(latency).to_have_attribute("aria-valuetext", "9 ms")


def test_by_keyboard_alone(page: Page, api: ClientApi) -> None:
    """Sliders, panels, profiles and the held outage work without a pointer, and the focus stays where it was."""
    rate = slider(page, "All traffic Upload rate")
    rate.focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(rate).to_have_attribute("aria-valuetext", "11 kbit/s")
    expect(rate).to_be_focused()
    until(lambda: api.conditions == {"egress": {"rate": "11kbit"}})
    page.get_by_role("button", name="Profile", exact=True).press("Enter")
    page.keyboard.type("wpt 3g-slow")
    page.keyboard.press("Enter")
    until(lambda: api.conditions.get("ingress") == {"rate": "400kbit", "latency": "200ms"})
    page.get_by_role("button", name="Hold to break").focus()
    page.keyboard.down("Space")
    until(lambda: len(api.leases) == 1)
    page.keyboard.up("Space")
    until(lambda: api.leases == [])


def _hold(page: Page, api: ClientApi, arrivals: Arrivals) -> None:
    """Press "Hold to break", for longer than a lease lasts that nobody renews."""
    press(page, page.locator(".hold"))
    until(lambda: len(api.leases) == 1)
    began = time.time() + AT_ONCE_MS / 1000
    page.wait_for_timeout(1200)
    assert arrivals.times(PORT, began, time.time()) == []
