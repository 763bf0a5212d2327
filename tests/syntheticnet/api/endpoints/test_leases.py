"""Leases and scheduled changes, through a real control channel to a fake forwarder."""

from __future__ import annotations

from typing import Any

from ...site import STARTUP, Site


def left_s(entry: dict[str, Any]) -> float:
    """The time left of a lease, in seconds."""
    return float(entry["left_ns"] / 1e9)


def test_a_lease(site: Site) -> None:
    """`?lease=` returns the lease's id and expiry; a lease can be listed, extended and ended."""
    answer = site.ask("PATCH", "/v1/conditions?lease=10s", json={"egress": {"loss": "5%"}}).json()
    assert answer["conditions"]["egress"] == {"loss": "5%"}
    assert answer["entry"]["expires_ns"] - answer["entry"]["at_ns"] == 10 * 10**9
    id = answer["entry"]["id"]
    listed = site.ask("GET", "/v1/leases").json()
    assert [entry["id"] for entry in listed["leases"]] == [id]
    assert 9 < left_s(listed["leases"][0]) <= 10
    renewed = site.ask("PUT", f"/v1/leases/{id}?for=1min").json()
    assert 59 < left_s(renewed["leases"][0]) <= 60
    assert site.ask("DELETE", f"/v1/leases/{id}").json()["conditions"] == {"seed": 5}


def test_a_change_at_a_time(site: Site) -> None:
    """With `at` (on the API's clock) or `in`, a change is scheduled and not yet in force."""
    at = site.ask("GET", "/v1/clock").json()["monotonic_ns"] + 60 * 10**9
    answer = site.ask("PATCH", f"/v1/conditions?at={at}", json={"egress": {"loss": "5%"}}).json()
    assert answer["conditions"] == {"seed": 5}
    assert (answer["entry"]["at_ns"], answer["scheduled"]) == (at, [answer["entry"]])
    entry = site.ask("DELETE", "/v1/conditions?in=30s&lease=5s").json()["entry"]
    assert 29e9 < entry["in_ns"] <= 30e9
    assert entry["replace"] == STARTUP
    scheduled = site.ask("GET", "/v1/leases").json()["scheduled"]
    assert [row["id"] for row in scheduled] == [entry["id"], answer["entry"]["id"]]
    assert site.forwarder.configured == 0
