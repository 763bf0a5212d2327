"""Tables of flows for tests."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from syntheticnet.conditions import Conditions
from syntheticnet.forwarder.classifier import ControlAccess, Direction, FlowTable

GATEWAY, NEIGHBOUR = "10.9.0.254", "10.9.0.66"
CONTROL = ControlAccess(frozenset({ip_address(GATEWAY).packed}), frozenset({80, 5901}))


def table(direction: Direction, *expressions: str, names: dict[str, Sequence[str]] | None = None) -> FlowTable:
    flows = Conditions.from_dict({"flows": {expression: {} for expression in expressions}}).flows
    return FlowTable(direction, flows, names or {})
