"""Finds the host names in the flows of a written change, without parsing its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import ConditionsError
from .flow import FlowMatch


def named_hosts(change: object) -> dict[str, str]:
    """Each host name with a flow that uses it; invalid flows are skipped."""
    hosts: dict[str, str] = {}
    for owner in (change, *_mapping(change, "states").values()):
        for name, flow in _mapping(owner, "flows").items():
            host = _host(flow.get("match", name)) if isinstance(flow, Mapping) else None
            if host is not None:
                hosts.setdefault(host, str(name))
    return hosts


def _mapping(owner: object, key: str) -> Mapping[Any, Any]:
    value = owner.get(key) if isinstance(owner, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _host(expression: object) -> str | None:
    try:
        return FlowMatch.parse(expression).name
    except ConditionsError:
        # Not refused here: the forwarder parses the whole change, and its error says where.
        return None
