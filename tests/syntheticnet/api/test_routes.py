"""The API's answers, through a real control channel to a fake forwarder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import syntheticnet
from syntheticnet.version import VERSION

from ..site import SPEC, STARTUP, Site


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


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_check_changes_nothing(site: Site, method: str) -> None:
    """`?check=true` answers what would be in force, and the present state."""
    answer = site.ask(method, "/v1/conditions?check=true", json={"egress": {"loss": "5%"}}).json()
    assert answer.keys() == {"conditions", "monotonic_ns", "state"}
    assert answer["conditions"]["egress"] == {"loss": "5%"}
    state = site.ask("GET", "/v1/state").json()
    assert answer["state"] | {"monotonic_ns": 0} == state | {"monotonic_ns": 0}
    assert site.forwarder.configured == 0


def test_every_answer_carries_times(site: Site) -> None:
    """Headers carry the monotonic times the request arrived and the answer left."""
    before = time.monotonic_ns()
    answer = site.ask("GET", "/v1/state")
    came, left = (int(answer.headers[f"x-synthlab-{word}-ns"]) for word in ("received", "answered"))
    assert before < came < answer.json()["monotonic_ns"] < left < time.monotonic_ns()


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


def test_files(site: Site) -> None:
    """Files can be uploaded, listed, read and removed, but not removed while conditions name them."""
    table = " ".join(str(n * 8 - 16384) for n in range(4096)) + "\n"
    change = {"egress": {"jitter": "5ms", "jitter_table": "wifi.dist"}}
    refused = site.ask("PATCH", "/v1/conditions", json=change)
    line = "egress.jitter_table: wifi.dist: no such file; uploaded files: none"
    assert (refused.status_code, refused.json()["error"]) == (422, line)
    listed = site.ask("PUT", "/v1/files/wifi.dist", content=table, headers={"Content-Type": "text/plain"}).json()
    assert listed == {"files": [{"name": "wifi.dist", "bytes": len(table)}]}
    assert site.ask("GET", "/v1/files").json() == listed
    assert site.ask("GET", "/v1/files/wifi.dist").text == table
    assert site.ask("PATCH", "/v1/conditions", json=change).status_code == 200
    for method in ("PUT", "DELETE"):
        answer = site.ask(method, "/v1/files/wifi.dist", content="other")
        assert answer.status_code == 422
        assert answer.json()["error"].startswith("wifi.dist: is in use by the conditions; ")
    site.ask("DELETE", "/v1/conditions")
    assert site.ask("DELETE", "/v1/files/wifi.dist").json() == {"files": []}


def test_the_schema_gives_the_input_of_each_value(site: Site) -> None:
    """Each condition has a kind, and choices if it has fixed values."""
    rows = {row["name"]: row for row in site.ask("GET", "/v1/schema").json()["conditions"]}
    assert rows["loss"]["kind"] == "share"
    assert rows["jitter_table"]["kind"] == "file"
    assert rows["reordering"]["kind"] == "switch"
    assert {"uniform", "one-sided"} <= set(rows["distribution"]["choices"])


def test_names_are_looked_up(site: Site) -> None:
    """The forwarder gets the addresses of all hosts that flows name."""
    site.ask("PATCH", "/v1/conditions", json={"flows": {"localhost:udp": {"egress": {"loss": "5%"}}}})
    assert "127.0.0.1" in site.forwarder.names["localhost"]


def test_a_change_is_one_request_to_the_forwarder(site: Site) -> None:
    """A change that touches no flow with a host name needs no preview."""
    site.ask("PATCH", "/v1/conditions", json={"flows": {"localhost:udp": {"egress": {"loss": "5%"}}}})
    assert site.forwarder.asked == ["change check", "change"]
    addresses = site.forwarder.names
    for method, path, body in (
        ("PATCH", "/v1/conditions", {"egress": {"loss": "5%"}}),
        ("PATCH", "/v1/conditions?lease=10s", {"flows": {"*:tcp": {"egress": {"loss": "5%"}}}}),
    ):
        site.forwarder.asked.clear()
        assert site.ask(method, path, json=body).status_code == 200
        assert site.forwarder.asked == ["change"]
        assert site.forwarder.names == addresses
    for method in ("PUT", "DELETE"):
        site.forwarder.asked.clear()
        site.ask(method, "/v1/conditions", json={})
        assert site.forwarder.asked == ["replace"]
    assert site.forwarder.names == {}


def test_a_flow_below_a_replacing_lease_has_its_addresses(site: Site) -> None:
    """The host is looked up when the flow is created, as the flow applies once the lease ends."""
    id = site.ask("PUT", "/v1/conditions?lease=10s", json={}).json()["entry"]["id"]
    site.ask("PATCH", "/v1/conditions", json={"flows": {"localhost:udp": {"egress": {"loss": "5%"}}}})
    site.ask("DELETE", f"/v1/leases/{id}")
    assert "127.0.0.1" in site.forwarder.names["localhost"]


def test_a_flow_that_was_named_keeps_its_host(site: Site) -> None:
    """A change by flow name looks up the host of the flow's existing match."""
    site.ask("PATCH", "/v1/conditions", json={"flows": {"media": {"match": "localhost:udp"}}})
    answer = site.ask("PATCH", "/v1/conditions", json={"flows": {"media": {"egress": {"loss": "5%"}}}})
    assert answer.status_code == 200
    assert "127.0.0.1" in site.forwarder.names["localhost"]


def test_the_application_publishes_its_stats(site: Site) -> None:
    """The host reads what a page in the container posts, with its age."""
    answer = site.ask("POST", "/v1/stats", "127.0.0.1", json={"video": {"client2": {"fps": 15}}})
    assert answer.json() == {"published": True}
    report = site.ask("GET", "/v1/stats").json()
    assert report["values"] == {"video": {"client2": {"fps": 15}}}
    assert 0 <= report["age_s"]["video"] < 5


def test_a_browser_is_redirected_to_the_control_page(site: Site) -> None:
    """GET / redirects to the page, which other pages may not frame."""
    answer = site.ask("GET", "/", follow_redirects=True)
    page = Path(syntheticnet.__path__[0]) / "web" / "index.html"
    assert (answer.status_code, answer.text) == (200, page.read_text())
    assert '<link rel="icon" href="data:,">' in answer.text  # else browsers ask for /favicon.ico
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
