"""Changes of conditions, through a real control channel to a fake forwarder."""

from __future__ import annotations

import pytest

from ...site import SPEC, STARTUP, Site


def test_patch_changes_only_named_values(site: Site) -> None:
    """PATCH keeps values it does not name, and answers the new state."""
    site.ask("PATCH", "/v1/conditions", json={"egress": {"loss": "5%", "latency": "80ms"}})
    answer = site.ask("PATCH", "/v1/conditions", json={"egress": {"loss": None}, "ingress": {"loss": "1%"}})
    assert answer.status_code == 200
    wanted = {"seed": 5, "egress": {"latency": "80ms"}, "ingress": {"loss": "1%"}}
    assert answer.json()["conditions"] == wanted
    assert site.ask("GET", "/v1/conditions").json() == wanted


def test_put_replaces_all(site: Site) -> None:
    """After PUT none of the previous conditions is in force."""
    site.ask("PATCH", "/v1/conditions", json={"egress": {"loss": "5%"}})
    site.ask("PUT", "/v1/conditions", json={"ingress": {"rate": "1mbit"}})
    assert site.forwarder.conditions == {"seed": 5, "ingress": {"rate": "1mbit"}}


def test_delete_returns_to_the_startup_conditions(site: Site) -> None:
    """DELETE restores the conditions the container started with."""
    site.ask("PATCH", "/v1/conditions", json={"egress": {"loss": "5%"}})
    assert site.ask("DELETE", "/v1/conditions").json()["conditions"] == {"seed": 5} | STARTUP


def test_flows_in_another_order_and_muted(site: Site) -> None:
    """PATCH puts flows first and mutes; GET returns flows in order, and all that is muted with its values."""
    flows = {"*:tcp": {"egress": {"loss": "1%"}}, "*:udp": {"egress": {"loss": "2%"}}}
    site.ask("PUT", "/v1/conditions", json={"egress": {"loss": "5%"}, "flows": flows})
    site.ask("PATCH", "/v1/conditions", json={"order": ["*:udp"], "muted": True, "flows": {"*:tcp": {"muted": True}}})
    muted = {"*:udp": flows["*:udp"], "*:tcp": {**flows["*:tcp"], "muted": True}}
    answer = site.ask("GET", "/v1/conditions").json()
    assert answer == {"egress": {"loss": "5%"}, "muted": True, "flows": muted, "seed": 5}
    assert list(answer["flows"]) == ["*:udp", "*:tcp"]
    assert site.forwarder.conditions == {"flows": {"*:udp": flows["*:udp"]}, "seed": 5}
    unmuted = site.ask("PATCH", "/v1/conditions", json={"muted": None, "flows": {"*:tcp": {"muted": False}}}).json()
    assert unmuted["conditions"] == {"egress": {"loss": "5%"}, "flows": flows, "seed": 5}


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_check_changes_nothing(site: Site, method: str) -> None:
    """`?check=true` answers what would be in force, and the present state."""
    answer = site.ask(method, "/v1/conditions?check=true", json={"egress": {"loss": "5%"}}).json()
    assert answer.keys() == {"conditions", "monotonic_ns", "state"}
    assert answer["conditions"]["egress"] == {"loss": "5%"}
    state = site.ask("GET", "/v1/state").json()
    assert answer["state"] | {"monotonic_ns": 0} == state | {"monotonic_ns": 0}
    assert site.forwarder.configured == 0


def test_replacing_drops_leases(site: Site) -> None:
    """PUT, DELETE and `/qos` drop leases and scheduled changes; `keep=true` keeps them."""
    for method, path, body in (
        ("PUT", "/v1/conditions", {}),
        ("DELETE", "/v1/conditions", None),
        ("POST", "/qos", SPEC),
    ):
        site.ask("PATCH", "/v1/conditions?lease=10s", json={"egress": {"loss": "5%"}})
        site.ask("PATCH", "/v1/conditions?in=10s", json={"egress": {"loss": "5%"}})
        site.ask("PUT", "/v1/conditions?keep=true", json={})
        assert site.forwarder.conditions == {"seed": 5, "egress": {"loss": "5%"}}
        site.ask(method, path, json=body)
        listed = site.ask("GET", "/v1/leases").json()
        assert (listed["leases"], listed["scheduled"]) == ([], [])
