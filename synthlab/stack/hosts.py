"""The hosts a flow can match: the lab's containers by name, external hosts by full name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from syntheticnet.conditions import Conditions, ConditionsError, FlowMatch

from ..contract import SFU_HOST, TURN_HOST
from ..errors import did_you_mean
from .mistakes import Mistakes
from .model import Sfu, Stack
from .yaml import Node

PORTS_NOT_PROTOCOLS = (22, 25, 53, 80)
"""Well-known ports that are also numbers of obsolete protocols; a flow with one almost certainly means the port."""


def host_names(stack: Stack) -> tuple[str, ...]:
    """All names that resolve inside the lab, without external hosts."""
    sfu = stack.sfu if isinstance(stack.sfu, Sfu) else None
    own = [*(client.name for client in stack.clients), *(router.name for router in stack.routers)]
    servers = [name for name, there in ((SFU_HOST, sfu), (TURN_HOST, stack.turn)) if there]
    services = (*(stack.compose.services if stack.compose else ()), *(one.name for one in stack.services))
    extra = [entry.partition(":")[0] for client in stack.clients for entry in client.extra_hosts]
    return tuple(dict.fromkeys([*own, *servers, *services, *extra]))


def refuse_flows(stack: Stack, place: Callable[[str], Node]) -> None:
    """Raise WrongUse for every flow that names an unknown host, where `place` of its owner says it is written."""
    mistakes = Mistakes()
    for owner, network in stack.networks.items():
        for where, match in _matches(network.conditions):
            with mistakes.noted():
                try:
                    refuse_flow(match, stack)
                except ValueError as error:
                    place(owner).wrong_at(ConditionsError(str(error), where))
    mistakes.report()


def _matches(conditions: Conditions) -> Iterator[tuple[str, FlowMatch]]:
    """Each flow, also those that only a state has, with where it is written."""
    own = {flow.name for flow in conditions.flows}
    yield from ((f"flows.{flow.name}", flow.match) for flow in conditions.flows)
    for state in conditions.states:
        flows = conditions.in_state(state.name).flows
        yield from ((f"states.{state.name}.flows.{flow.name}", flow.match) for flow in flows if flow.name not in own)


def refuse_flow(match: FlowMatch, stack: Stack) -> None:
    """Raise ValueError if a flow names a host the lab does not have, or a port in the protocol's position."""
    if match.protocol in PORTS_NOT_PROTOCOLS:
        host = str(match).partition(f":{match.protocol}")[0]
        raise ValueError(f"{match.protocol} is a protocol number here; for the port write {host}:*:{match.protocol}")
    name = match.name
    if name is None or "." in name or name.lower() in map(str.lower, host_names(stack)):
        return
    members = stack.members(name)
    if members:
        raise ValueError(f"'{name}' is a group: name one of its clients, {', '.join(members)}")
    known = host_names(stack)
    there = f"there are: {', '.join(known)}, * for any, and full names such as app.example"
    near = "; did you mean *?" if name.lower() in ("any", "all") else did_you_mean(name, known)
    raise ValueError(f"no host '{name}' in this lab{near}; {there}")
