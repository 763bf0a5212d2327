"""Finds the host names in the flows of a written change, without parsing its values."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ConditionsError
from .flow import FlowMatch


def named_hosts(change: object) -> dict[str, str]:
    """Each host name with a flow that uses it; invalid flows are skipped."""
    flows = change.get("flows") if isinstance(change, Mapping) else None
    hosts: dict[str, str] = {}
    for name, flow in flows.items() if isinstance(flows, Mapping) else ():
        host = _host(flow.get("match", name)) if isinstance(flow, Mapping) else None
        if host is not None:
            hosts.setdefault(host, str(name))
    return hosts


def _host(expression: object) -> str | None:
    try:
        return FlowMatch.parse(expression).name
    except ConditionsError:
        # Not refused here: the forwarder parses the whole change, and its error says where.
        return None
