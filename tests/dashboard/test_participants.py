"""A lab's participants: services of a Compose project, of which one has several networks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.control.container_lookup import cut_off
from synthlab.dashboard.participants import lab_data
from synthlab.stack.apps import NO_NUMBERS
from synthlab.testing import fake_companion, fake_container

pytestmark = pytest.mark.issue(13)


def test_services() -> None:
    """A conditioned service is one participant, one with several networks is one for each; others say why not."""
    service = replace(fake_container("own", "web"), role="service", ports={}, group="")
    edge, db = (replace(service, id=name, client=name) for name in ("edge", "db"))
    of_edge = replace(fake_companion("own", "edge"), networks=("front", "back"))
    seen = lab_data("own", [service, fake_companion("own", "web"), edge, of_edge, db], near=True, run=None)[
        "participants"
    ]
    named = [(one["name"], one["conditioned"], one.get("group")) for one in seen]
    assert named == [
        ("web", True, None),
        ("edge@front", True, "edge"),
        ("edge@back", True, "edge"),
        ("db", False, None),
    ]
    assert "--impair db" in seen[-1]["why_not"]


def test_people_from_outside() -> None:
    """How they take part, and that the lab has no numbers of a browser behind a proxy."""
    sfu = replace(fake_container("call", "", index=2), role="sfu", outside="http://127.0.0.1:8080/")
    me = replace(fake_container("call", "me"), app="proxy")
    lab = lab_data("call", [sfu, me], near=True, run=None)
    assert lab["outside"] == "people from outside use http://127.0.0.1:8080/; their network is not conditioned"
    assert [one.get("no_numbers") for one in lab["participants"]] == [None, NO_NUMBERS]
    assert lab_data("call", [me], near=True, run=None)["outside"] is None


def test_cut_off() -> None:
    """A service whose companion has ended says so, in each of its networks; others do not."""
    edge = replace(fake_container("own", "edge"), id="edge", role="service", ports={}, group="")
    web = replace(edge, id="web", client="web")
    of_edge = replace(fake_companion("own", "edge"), networks=("front", "back"), state="exited")
    members = [edge, of_edge, web, fake_companion("own", "web")]
    lost = cut_off(members, lambda container: 0.0)
    seen = lab_data("own", members, near=True, run=None, lost=lost)["participants"]
    assert [(one["name"], one.get("cut_off", False)) for one in seen] == [
        ("edge@front", True),
        ("edge@back", True),
        ("web", False),
    ]
