"""Conditions of several clients at one instant, their leases, and partitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool

from syntheticnet.conditions import DIRECTIONS

from ...control.change import build_change
from ...control.client_api import ChangeOptions
from ...control.group_change import GroupChange
from ...control.leases import release_leases, renew_leases
from ...control.partition import heal_partition, plan_partition
from ...control.state import ClientState
from ...errors import WrongUse
from ...stack.durations import read_duration
from ...stack.netem import Translation
from ...stack.netem_change import expand_change, translations_in
from ...stack.network_operations import BOTH, PARTITION_DIRECTIONS, SILENT
from ...stack.partial_change import merged
from .. import schemas
from ..endpoint import LabEndpoint, LabRequest
from .netem import MEANT
from .parts import ANY_IDS, CLIENTS, IDS, LEASE, STATES, answers_of, chosen, duration

ANSWERS = {"drop": SILENT, "reject": "reset"}
"""How blocked packets are answered: not at all, or by TCP resets and ICMP port-unreachable."""

_CHANGED = {
    "clients": STATES,
    "leases": ANY_IDS,
    "spread_ms": schemas.number("the longest time between the changes of two clients; 0 for one"),
}
CHANGED = schemas.fields(tuple(_CHANGED), **_CHANGED)
MADE = schemas.fields(
    (*_CHANGED, "change", "netem"),
    **_CHANGED,
    change=schemas.free("the change of each client: with the values of the profile, and with what each `netem` means"),
    netem=schemas.by_name(MEANT, "what each `netem` means, by the path to it"),
)
CHANGE = schemas.fields(
    ("clients",),
    clients=CLIENTS,
    change=schemas.free(
        "a partial change, as in PATCH /v1/conditions of a client, also with `netem` among the values of a direction; "
        "of the flow, if one is named"
    ),
    for_=LEASE,
    in_=schemas.text("when it begins", "5s", most=40),
    profile=schemas.text("a profile to start from", "wpt/3g", most=1000),
    flow=schemas.text("the packets that it applies to", "*:udp", most=1000),
)
ENDS = {
    "a": schemas.text("a client or `sfu`", "client1", most=200),
    "b": schemas.text("another one", "sfu", most=200),
}
PARTITION = schemas.fields(
    ("a", "b"),
    **ENDS,
    direction=schemas.word("which packets are stopped", *PARTITION_DIRECTIONS),
    answer=schemas.word("what happens to them", *ANSWERS),
    for_=LEASE,
)
HEAL = schemas.fields(
    ("a", "b"),
    **ENDS,
    direction=schemas.word("ignored: both directions are healed", *PARTITION_DIRECTIONS),
    answer=schemas.word("ignored", *ANSWERS),
)


async def change(request: LabRequest) -> Any:
    """Change several clients at one instant, or none of them."""
    wanted = await run_in_threadpool(_read, request)
    made = await _in_turn(request, lambda: _change(request, wanted))
    return made | {"change": wanted.change, "netem": {place: meant.to_dict() for place, meant in wanted.netem.items()}}


async def reset(request: LabRequest) -> Any:
    """Restore the conditions that clients started with; of all by default."""

    def act() -> GroupChange:
        lab = request.lab()
        return lab.reset(chosen(lab, request.body.get("clients", "all")))

    return await _in_turn(request, act)


async def renew(request: LabRequest) -> Any:
    """Make several leases expire this long from now."""
    lease_ns = read_duration("for", request.body["for"])
    await run_in_threadpool(lambda: renew_leases(request.lab(), request.body["leases"], lease_ns))
    return {}


async def release(request: LabRequest) -> Any:
    """Revert several leases now; those that have ended are left alone."""
    states = await run_in_threadpool(lambda: release_leases(request.lab(), request.body["leases"]))
    _show(request, states)
    return {"clients": answers_of(states)}


async def cut(request: LabRequest) -> Any:
    """Stop everything that passes directly between two ends."""
    body = request.body

    def act() -> GroupChange:
        lab = request.lab()
        answer = ANSWERS[body.get("answer", "drop")]
        clients, cutting = plan_partition(lab, body["a"], body["b"], body.get("direction", BOTH), answer)
        return lab.change(clients, cutting, ChangeOptions(lease_ns=duration(body, "for")))

    return await _in_turn(request, act)


async def heal(request: LabRequest) -> Any:
    """Connect two ends again."""
    return await _in_turn(request, lambda: heal_partition(request.lab(), request.body["a"], request.body["b"])[0])


@dataclass(frozen=True, slots=True)
class Wanted:
    """The change of each client, the files that it names, and what each `netem` in it means."""

    change: Mapping[str, Any]
    files: Mapping[str, str]
    netem: Mapping[str, Translation]


def _read(request: LabRequest) -> Wanted:
    """What the body of a change says. Raises WrongUse."""
    body, folder = request.body, request.dashboard.folder
    if not body.get("change") and "profile" not in body:
        raise WrongUse('nothing to change: give a change such as {"egress": {"loss": "5%"}}, or a profile')
    flow = body.get("flow")
    start = folder.profile(body["profile"]) if "profile" in body else None
    wanted: dict[str, Any] = build_change({}, DIRECTIONS, flow, start.conditions) if start else {}
    own = body.get("change", {})
    netem = dict(translations_in(own))
    own = expand_change(own)
    wanted = merged(wanted, {"flows": {flow: own}} if flow else own)
    return Wanted(*folder.with_files(wanted, start.files if start else {}), netem)


def _change(request: LabRequest, wanted: Wanted) -> GroupChange:
    body, lab = request.body, request.lab()
    options = ChangeOptions(lease_ns=duration(body, "for"), after_ns=duration(body, "in"))
    return lab.change(chosen(lab, body["clients"]), wanted.change, options, wanted.files)


async def _in_turn(request: LabRequest, act: Callable[[], GroupChange]) -> Any:
    """Changes of one lab are made one after the other: one that fails reverts only its own values."""
    async with request.dashboard.changing[request.path["lab"]]:
        made = await run_in_threadpool(act)
    _show(request, made.states)
    return {
        "clients": answers_of(made.states),
        "leases": {name: state.entry.id for name, state in made.states.items() if state.entry},
        "spread_ms": (made.apart_ns or 0) / 1e6,
    }


def _show(request: LabRequest, states: Mapping[str, ClientState]) -> None:
    """Send the new states to whoever listens, without waiting for the next round."""
    request.dashboard.feeds.later(request.path["lab"], lambda feed: feed.changed(states))


CONDITIONS, LEASES, CUT = (f"/v1/labs/{{lab}}/{name}" for name in ("conditions", "leases", "partition"))
RELEASED = schemas.fields(("clients",), clients=STATES)
TABLE = (
    LabEndpoint(method="PATCH", path=CONDITIONS, handler=change, body=CHANGE, answer=MADE, is_async=True),
    LabEndpoint(
        method="DELETE",
        path=CONDITIONS,
        handler=reset,
        body=schemas.fields(clients=CLIENTS),
        answer=CHANGED,
        is_async=True,
    ),
    LabEndpoint(
        method="PUT",
        path=LEASES,
        handler=renew,
        body=schemas.fields(("leases", "for"), leases=IDS, for_=LEASE),
        answer=schemas.fields(),
        is_async=True,
    ),
    LabEndpoint(
        method="DELETE",
        path=LEASES,
        handler=release,
        body=schemas.fields(("leases",), leases=IDS),
        answer=RELEASED,
        is_async=True,
    ),
    LabEndpoint(method="POST", path=CUT, handler=cut, body=PARTITION, answer=CHANGED, is_async=True),
    LabEndpoint(method="DELETE", path=CUT, handler=heal, body=HEAL, answer=CHANGED, is_async=True),
)
