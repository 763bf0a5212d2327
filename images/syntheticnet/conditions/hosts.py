"""The hosts that flows of a change name, read from its text: no value is parsed for that."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ConditionsError
from .flow import FlowMatch


def named_hosts(change: object) -> dict[str, str]:
    """Each host name with the flow that uses it; a flow that cannot be parsed has none."""
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
        return None
