"""What a hand does on the control page, and how soon packets follow it."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

from playwright.sync_api import Locator, Page

from .arrivals import PORT, Arrivals

THUMB_PX = 16
GAP_MS = 200
"""The least time without packets that counts as stopped."""
NOTE_INPUTS = """() => { window.inputs = []; for (const name of ["input", "pointerdown", "pointerup"])
  addEventListener(name, () => inputs.push(performance.timeOrigin + performance.now()), true); }"""


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def number(page: Page, name: str) -> Locator:
    return page.get_by_label(f"{name}, as a number", exact=True)


def drag(page: Page, slider: Locator, share: float) -> None:
    """Drag the thumb from where it is to a share of the slider's length."""
    box = slider.bounding_box()
    assert box
    most = int(slider.get_attribute("max") or 1)
    at = int(slider.input_value()) / most
    left, long = box["x"] + THUMB_PX / 2, box["width"] - THUMB_PX
    page.mouse.move(left + at * long, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(left + share * long + (3 if share else -3), box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()


def drag_to(page: Page, grip: Locator, target: Locator) -> None:
    """Drag a grip above another panel."""
    grip.scroll_into_view_if_needed()
    start, end = grip.bounding_box(), target.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(end["x"] + 20, end["y"] + 2, steps=5)
    page.mouse.up()


def press(page: Page, control: Locator) -> None:
    """Press a control near its left end, and hold it."""
    box = control.bounding_box()
    assert box
    page.mouse.move(box["x"] + 9, box["y"] + box["height"] / 2)
    page.mouse.down()


def delays_ms(page: Page, arrivals: Arrivals, act: Callable[[], None]) -> list[float]:
    """How long after the hand's last move packets stopped, or arrived again, for each time they did."""
    page.evaluate(NOTE_INPUTS)
    began = time.time()
    page.wait_for_timeout(100)
    act()
    inputs: list[float] = page.evaluate("() => inputs")
    came = [at * 1000 for at in arrivals.times(PORT, began, time.time())]
    gaps = [(one, other) for one, other in pairwise(came) if other - one > GAP_MS]
    edges = [edge for gap in gaps for edge in gap]
    return [edge - max((moved for moved in inputs if moved < edge + 20), default=0) for edge in edges]
