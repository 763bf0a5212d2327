"""The state: what the client is, and what the forwarder reports."""

from __future__ import annotations

import time

import pytest

from syntheticnet.version import VERSION

from ...site import HOST, STARTUP, Site


def test_state_says_who_and_what(site: Site) -> None:
    """Version, name, lab, startup conditions and seed, plus the forwarder's report."""
    state = site.ask("GET", "/v1/state").json()
    assert abs(state.pop("monotonic_ns") - time.monotonic_ns()) < 10**9
    assert state == {
        "version": VERSION,
        "name": "client1",
        "lab": "call",
        "startup": STARTUP,
        "seed": 5,
        "problem": None,
        "self_control": False,
        "may_change": True,
        "conditions": {"seed": 5},
        "base": {},
        "leases": [],
        "scheduled": [],
        "failed": {"count": 0, "last": []},
        "links": {},
        "flows": {},
        "forwarder": {"restarts": 0},
    }
    assert site.ask("GET", "/v1/health").json() == {"healthy": True}


def test_state_says_who_may_change(site: Site, self_controlled: Site) -> None:
    """The application may change its own network only with self-control, the host always."""
    for asked, application in ((site, False), (self_controlled, True)):
        for peer, may_change in ((HOST, True), ("127.0.0.1", application)):
            state = asked.ask("GET", "/v1/state", peer).json()
            assert (state["self_control"], state["may_change"]) == (application, may_change)
            assert asked.ask("PATCH", "/v1/conditions", peer, json={}).is_success is may_change


@pytest.mark.issue(10)
def test_a_problem_of_the_application_is_in_the_state(site: Site) -> None:
    """The state contains the page's problem while the client reports one."""
    assert site.ask("GET", "/v1/state").json()["problem"] is None
    site.ask("POST", "/v1/stats", json={"page": {"problem": "http://sfu/: net::ERR_CONNECTION_REFUSED"}})
    assert site.ask("GET", "/v1/state").json()["problem"] == "http://sfu/: net::ERR_CONNECTION_REFUSED"
    site.ask("POST", "/v1/stats", json={"page": {"problem": ""}})
    assert site.ask("GET", "/v1/state").json()["problem"] is None
