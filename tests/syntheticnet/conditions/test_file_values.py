"""The walk over the values of a change that name files."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.conditions import file_values


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"rate_trace": "a", "loss": "5%"}, {("rate_trace",): "a"}),
        ({"ingress": {"jitter_table": None, "delay_trace": "a"}, "seed": 5}, {("ingress", "delay_trace"): "a"}),
        ({"flows": {"*:udp": {"egress": {"rate_trace": "b"}}}}, {("flows", "*:udp", "egress", "rate_trace"): "b"}),
        ({"flows": {"*:tcp": None}, "egress": None}, {}),
    ],
)
def test_places(change: dict[str, Any], places: dict[tuple[str, ...], str]) -> None:
    """Each value that names a file, with the keys that lead to it: in a link's values, links and flows."""
    found = list(file_values(change))
    assert {named.place: named.value for named in found} == places
    assert all(named.unit.read for named in found)
