"""What the forwarder is asked for a change, and the addresses of the hosts that flows name."""

from __future__ import annotations

from ..site import Site


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
