"""The state: what the client is, and what the forwarder reports."""

from __future__ import annotations

import time

import pytest

from syntheticnet.version import VERSION

from ...site import HOST, SPEC, STARTUP, Site


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
        "screen_port": None,
        "may_change": True,
        "conditions": {"seed": 5},
        "base": {},
        "leases": [],
        "scheduled": [],
        "failed": {"count": 0, "last": []},
        "history": [],
        **site.forwarder.report(0),
    }
    assert site.ask("GET", "/v1/health").json() == {"healthy": True}


def test_state_says_who_may_change(site: Site, self_controlled: Site) -> None:
    """The application may change its own network only with self-control, the host always."""
    for asked, application in ((site, False), (self_controlled, True)):
        for peer, may_change in ((HOST, True), ("127.0.0.1", application)):
            state = asked.ask("GET", "/v1/state", peer).json()
            assert (state["self_control"], state["may_change"]) == (application, may_change)
            assert asked.ask("PATCH", "/v1/conditions", peer, json={}).is_success is may_change


def test_the_history_says_who(site: Site) -> None:
    """`by` names who changed conditions or a lease; `api` did, unless it is given, and `qos` what `/qos` changes."""
    site.ask("PATCH", "/v1/conditions?by=page&lease=30s", json={"egress": {"loss": "5%"}})
    site.ask("PUT", "/v1/leases/1?for=20s&by=scenario")
    site.ask("DELETE", "/v1/leases/1?by=command")
    site.ask("PUT", "/v1/conditions", json={})
    site.ask("DELETE", "/v1/conditions?by=x-2")
    site.ask("POST", "/qos", json=SPEC)
    history = site.ask("GET", "/v1/state").json()["history"]
    assert [(row["by"], row["kind"], row["id"]) for row in history] == [
        ("page", "lease", 1),
        ("command", "released", 1),
        ("api", "replace", 2),
        ("x-2", "replace", 3),
        ("qos", "replace", 4),
    ]
    assert history[0]["change"] == {"egress": {"loss": "5%"}}
    assert history[0]["lasts_ns"] == 30 * 10**9
    assert 0 < history[0]["age_s"] < 10


@pytest.mark.issue(10)
def test_a_problem_of_the_application_is_in_the_state(site: Site) -> None:
    """The state contains the page's problem while the client reports one."""
    assert site.ask("GET", "/v1/state").json()["problem"] is None
    site.ask("POST", "/v1/stats", json={"page": {"problem": "http://sfu/: net::ERR_CONNECTION_REFUSED"}})
    assert site.ask("GET", "/v1/state").json()["problem"] == "http://sfu/: net::ERR_CONNECTION_REFUSED"
    site.ask("POST", "/v1/stats", json={"page": {"problem": ""}})
    assert site.ask("GET", "/v1/state").json()["problem"] is None
