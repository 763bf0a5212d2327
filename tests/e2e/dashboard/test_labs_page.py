"""The list of labs: a stack is brought up, taken down and cancelled there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from ..labs import synthlab, until
from ..leftovers import leftovers
from .server import LAB

pytestmark = [pytest.mark.docker, pytest.mark.issue(12)]


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
    page.get_by_label("Stack").select_option("broken.yaml")
    expect(page.get_by_text("broken.yaml:2: not YAML: ")).to_be_visible()
    expect(page.get_by_role("button", name="Bring up", exact=True)).to_be_disabled()
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
