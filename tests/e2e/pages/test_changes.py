"""Changes on the control page: values of every kind, for a time, and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ..labs import until
from .client_api import ClientApi
from .hand import drag, slider

pytestmark = [pytest.mark.docker, pytest.mark.issue(12), pytest.mark.timeout(120)]


def test_undo_and_redo(page: Page, api: ClientApi) -> None:
    """Undo takes back a whole drag, a removed flow and a reset; what somebody else has set meanwhile stays."""
    undo, redo = (page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo"))
    api.change(
        {"egress": {"rate": "5mbit", "queue": "1s"}, "flows": {"*:tcp": {"egress": {"loss": "1%"}}, "*:udp": {}}}
    )
    before = api.conditions
    expect(page.locator("[data-panel]")).to_have_count(3)
    drag(page, slider(page, "All traffic Upload rate"), 0.3)
    until(lambda: api.conditions["egress"]["rate"] != "5mbit")
    page.locator("[data-panel='*:tcp']").get_by_role("button", name="Remove").click()
    expect(page.locator("[data-panel]")).to_have_count(2)
    dragged = api.conditions
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("[data-panel]")).to_have_count(1)
    api.change({"ingress": {"latency": "80ms"}})
    for wanted in (dragged, dragged | {"flows": before["flows"]}, before):
        undo.click()
        until(lambda wanted=wanted: api.conditions == wanted | {"ingress": {"latency": "80ms"}})  # type: ignore[misc]
    assert list(api.conditions["flows"]) == ["*:tcp", "*:udp"]
    expect(undo).to_be_disabled()
    redo.click()
    until(lambda: api.conditions["egress"] == dragged["egress"])


def test_changes_for_a_time(page: Page, api: ClientApi) -> None:
    """Changes for a time are leases, one for a drag, shown as chips that cancel them; "Dog 10 s" is one."""
    page.get_by_label("How long changes last").select_option("30s")
    drag(page, slider(page, "All traffic Download latency"), 0.5)
    page.get_by_role("button", name="Dog 10 s").click()
    chips = page.locator(".lease")
    expect(chips).to_have_count(2)
    expect(chips.last).to_contain_text("upload: rate 100kbit")
    state = api.state
    assert state["conditions"]["egress"] == {"rate": "100kbit"}
    assert state["base"] == {}
    chips.first.get_by_role("button").click()
    expect(chips).to_have_count(1)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(chips).to_have_count(0)


def test_the_other_values(page: Page, api: ClientApi, tmp_path: Path) -> None:
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
    until(lambda: api.conditions == {"egress": {"mtu": "1400b"}})
    trace = tmp_path / "wifi.delay"
    trace.write_text("0 5\n100 10\n")
    page.get_by_label("Upload a file for All traffic Download delay trace").set_input_files(trace)
    until(lambda: api.conditions.get("ingress") == {"delay_trace": "wifi.delay"})
    expect(page.get_by_role("button", name="More values 2 set")).to_be_visible()
