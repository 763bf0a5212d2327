"""`/qos` for existing scripts, through a real control channel to a fake forwarder."""

from __future__ import annotations

import pytest

from ...site import SPEC, Site


def test_qos_round_trips(site: Site) -> None:
    """POST answers `OK` as text, and GET returns the posted spec."""
    answer = site.ask("POST", "/qos", json=SPEC)
    assert (answer.status_code, answer.content) == (200, b"OK")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    read = site.ask("GET", "/qos")
    assert read.headers["content-type"] == "application/json"
    assert read.json() == SPEC


def test_qos_of_an_untouched_client_is_the_perfect_spec(site: Site) -> None:
    """The answer is byte for byte what existing scripts parse."""
    perfect = '{"rate":10000000000,"loss":0.0,"latency":0,"jitter":0,"jitter_strength":0.0,"reorder_packets":false}'
    links = f'{{"ingress":{perfect},"egress":{perfect}}}'
    assert site.ask("GET", "/qos").text == f'{{"default_link":{links},"flows":[]}}'


@pytest.mark.issue(10)
def test_qos_reports_the_nearest_and_leaves_the_rest_alone(site: Site) -> None:
    """GET always answers; posting its answer with another rate changes the rate only."""
    native = {"egress": {"latency": "1.5ms", "duplicate": "1%"}, "flows": {"[::/0]": {"egress": {"loss": "5%"}}}}
    site.ask("PUT", "/v1/conditions", json=native)
    answer = site.ask("GET", "/qos")
    assert answer.status_code == 200
    spec = answer.json()
    assert (spec["default_link"]["egress"]["latency"], spec["flows"]) == (2, [])
    spec["default_link"]["egress"]["rate"] = 0
    site.ask("POST", "/qos", json=spec)
    left = site.ask("GET", "/v1/conditions").json()
    assert left["egress"] == {"rate": "unlimited", "outage": True, "latency": "1.5ms", "duplicate": "1%"}
    assert left["flows"] == native["flows"]
    assert site.ask("GET", "/qos").json() == spec


def test_qos_does_not_see_what_is_muted(site: Site) -> None:
    """It reads as absent; posting what was read, with another flow, leaves it muted with its values."""
    tcp = {"egress": {"loss": "9%"}, "muted": True}
    muted = {"egress": {"loss": "5%"}, "muted": True, "flows": {"*:tcp": tcp}}
    perfect = site.ask("GET", "/qos").json()
    site.ask("PUT", "/v1/conditions", json=muted)
    assert site.ask("GET", "/qos").json() == perfect
    site.ask("POST", "/qos", json=perfect)
    assert site.ask("GET", "/v1/conditions").json() == muted | {"seed": 5}
    spec = perfect | {"flows": SPEC["flows"]}
    site.ask("POST", "/qos", json=spec)
    left = site.ask("GET", "/v1/conditions").json()
    assert [left["muted"], left["egress"], left["flows"]["*:tcp"]] == [True, {"loss": "5%"}, tcp]
    assert site.ask("GET", "/qos").json() == spec


@pytest.mark.issue(10)
def test_qos_that_changes_nothing_leaves_leases_alone(site: Site) -> None:
    """Leases survive a script that posts what it read, and end if it posts something else."""
    site.ask("PATCH", "/v1/conditions?lease=30s", json={"egress": {"loss": "20%", "corrupt": "1%"}})
    spec = site.ask("GET", "/qos").json()
    assert spec["default_link"]["egress"]["loss"] == 0.2
    site.ask("POST", "/qos", json=spec)
    assert len(site.ask("GET", "/v1/leases").json()["leases"]) == 1
    spec["default_link"]["egress"]["latency"] = 50
    site.ask("POST", "/qos", json=spec)
    assert site.ask("GET", "/v1/leases").json()["leases"] == []
    assert "corrupt" not in site.ask("GET", "/v1/conditions").json()["egress"]
    assert site.ask("GET", "/qos").json() == spec
