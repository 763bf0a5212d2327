"""AccessCheck: the host may do everything, the application little, and pages and neighbours nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syntheticnet.api.access import AccessCheck

HOST, NEIGHBOUR = "172.18.0.1", "172.18.0.7"
GUARD = AccessCheck(frozenset({HOST}), names=("client1.lab",))
SELF_CONTROL = replace(GUARD, self_control=True)


def refusal(
    peer: str = HOST, method: str = "GET", path: str = "/v1/state", guard: AccessCheck = GUARD, **headers: str
) -> str | None:
    return guard.refusal(peer, method, path, {"host": "localhost:3000"} | headers)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_the_host_may_do_everything(method: str) -> None:
    """Every request from the host is allowed."""
    assert refusal(HOST, method, "/v1/conditions") is None


@pytest.mark.parametrize("peer", [NEIGHBOUR, "", "testclient", "fe80::1"])
def test_neighbours_may_do_nothing(peer: str) -> None:
    """Neighbours may not even read."""
    assert refusal(peer) == f"{peer} may not use this API: only the host that runs the lab may"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/state", True),
        ("HEAD", "/qos", True),
        ("POST", "/v1/stats", True),
        ("POST", "/qos", False),
        ("PATCH", "/v1/conditions", False),
        ("OPTIONS", "/v1/conditions", False),
    ],
)
@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1"])
def test_the_application_may_read_and_publish_its_stats(peer: str, method: str, path: str, allowed: bool) -> None:
    """It may not change its own network."""
    wanted = (
        None if allowed else "the application may not change its own network, unless the stack has `self_control: true`"
    )
    assert refusal(peer, method, path) == wanted


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1"])
def test_self_control(peer: str, method: str) -> None:
    """With self-control the application may do what the host may."""
    for path in ("/v1/conditions", "/v1/leases/1", "/v1/files/x", "/qos"):
        assert refusal(peer, method, path, SELF_CONTROL) is None


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"origin": "http://evil.example"}, "a page from http://evil.example may not use this API"),
        ({"origin": "http://localhost:8000"}, "a page from http://localhost:8000 may not use this API"),
        ({"origin": "null"}, "a page from null may not use this API"),
        (
            {"origin": "http://evil.example", "host": "evil.example"},
            "host name 'evil.example' is not accepted; use an IP address or localhost",
        ),
    ],
)
def test_self_control_admits_no_page_of_others(headers: dict[str, str], reason: str) -> None:
    """A page of another origin in the client's browser is refused, also under a rebound name."""
    assert refusal("127.0.0.1", "PATCH", "/v1/conditions", SELF_CONTROL, **headers) == reason


@pytest.mark.parametrize("peer", [NEIGHBOUR, "172.18.0.2", ""])
def test_self_control_admits_no_neighbour(peer: str) -> None:
    """Only loopback counts as the application, not the container's own address in the lab."""
    assert (
        refusal(peer, "PATCH", guard=SELF_CONTROL)
        == f"{peer} may not use this API: only the host that runs the lab may"
    )


def test_who_may_change() -> None:
    """The host always may, the application only with self-control."""
    peers = (HOST, "127.0.0.1", "::1", NEIGHBOUR)
    assert [GUARD.may_change(peer) for peer in peers] == [True, False, False, False]
    assert [SELF_CONTROL.may_change(peer) for peer in peers] == [True, True, True, False]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1:3000", "[::1]:3000", "10.1.2.3", "client1.lab"]
)
def test_addresses_and_own_names_are_accepted(host: str) -> None:
    """IP addresses and own names are accepted: no foreign name server controls them."""
    assert refusal(host=host) is None


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "[::1", "[", "127.0.0.1.nip.example:80"]
)
def test_other_names_are_refused(host: str) -> None:
    """A page may not reach the API by its own host name (DNS rebinding); a malformed header is refused too."""
    assert refusal(host=host) == f"host name {host!r} is not accepted; use an IP address or localhost"


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://localhost", "http://localhost:9222", "https://localhost:3000", "null", "http://["],
)
def test_pages_of_others_are_refused(origin: str) -> None:
    """Pages of other origins may not use the API."""
    assert refusal(origin=origin) == f"a page from {origin} may not use this API"


def test_the_control_page_is_allowed() -> None:
    """The control page may use the API: its origin is the requested host."""
    assert refusal(method="POST", origin="http://localhost:3000") is None
