"""Which hosts a change names."""

from __future__ import annotations

import pytest

from syntheticnet.conditions.hosts import named_hosts


@pytest.mark.parametrize(
    ("change", "hosts"),
    [
        ({"egress": {"loss": "5%"}, "flows": None}, {}),
        ({"flows": {"*:udp": {}, "10.0.0.1:tcp": {}, "[2001:db8::1]": {}}}, {}),
        ({"flows": {"sfu:udp": {"egress": {"loss": "nonsense"}}, "sfu:tcp": {}}}, {"sfu": "sfu:udp"}),
        ({"flows": {"media": {"match": "sfu:udp"}, "local": {"match": "10.0.0.1"}}}, {"sfu": "media"}),
        ({"flows": {"sfu": None}}, {}),
        ({"flows": {"a..b": {}, "*:quic": {}, "sfu": 5}}, {}),
        ({"flows": []}, {}),
        ([], {}),
    ],
)
def test_hosts_of_a_change(change: object, hosts: dict[str, str]) -> None:
    """By the name of the flow, or by its match; what is wrong elsewhere does not matter, and removal needs no host."""
    assert named_hosts(change) == hosts
