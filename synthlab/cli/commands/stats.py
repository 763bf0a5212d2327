"""`stats`: prints counters of each link and flow, and WebRTC statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from ...contract import SFU_HOST
from ...control.backend import Backend
from ...control.group_change import LabClient
from ...control.running_lab import RunningLab
from ...control.sfu_metrics import metrics_of
from ...control.slowness import too_slow
from ...engine.containers import Container
from ...errors import WrongUse
from ...stack.apps import NO_NUMBERS
from .. import console
from ..console import Table
from ..counters import counters_table, forwarders_table, too_slow_table
from ..tables import metrics_table, stats_table
from .listing import note_versions
from .options import ClientsArgument, JsonOption, LabOption

INTERVAL_S = 1.0


def stats(
    context: typer.Context,
    names: ClientsArgument = None,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every second, until Ctrl-C.")] = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Show packet counters and WebRTC stats.

    Counters of each link and flow, stats of each received stream, and the media server's own metrics.

    \b
    dropped     by conditions, with the cause: loss, queue, codel, mtu, ...
    discarded   by the lab because this machine is too slow
    queued      packets waiting in the link
    duplicated, originated
                packets that the conditions added
    late        how late the forwarder sent packets in the last second
    Columns of zeros are left out; --json has all of them, and `bypassed`:
    packets not subject to conditions (ARP, the host's control traffic).

    \b
    Examples:
      synthlab stats client1
      synthlab stats sfu
      synthlab stats --watch
    """
    if watch and json:
        raise WrongUse("--watch and --json cannot be combined")
    backend: Backend = context.obj
    name, members = backend.members(lab)
    shown = _chosen(RunningLab(backend, name, members), members, names or ())
    note_versions(shown.lab.states(shown.clients))
    if json:
        console.print_json(_as_json(shown))
    elif watch:
        console.watch(lambda: _tables(shown), INTERVAL_S)
    else:
        for table in _tables(shown):
            console.print_table(table)
        for client in shown.clients:
            if client.proxy:
                console.print_note(f"{client.name}: {NO_NUMBERS}")


@dataclass(frozen=True, slots=True)
class _Shown:
    """The clients whose stats are shown. `members` is empty unless the media server's metrics are shown too."""

    lab: RunningLab
    clients: Sequence[LabClient]
    members: Sequence[Container]
    named: bool


def _chosen(lab: RunningLab, members: Sequence[Container], names: Sequence[str]) -> _Shown:
    """The clients with these names; `sfu` is valid if it has metrics, even without conditions."""
    measured = any(member.metrics for member in members)
    has_own = measured and (not names or SFU_HOST in names)
    known = {client.name for client in lab.find()}
    of_clients = [name for name in names if not (measured and name == SFU_HOST and SFU_HOST not in known)]
    clients = lab.find(of_clients) if of_clients or not names else ()
    return _Shown(lab, clients, members if has_own else (), named=SFU_HOST in names)


def _tables(shown: _Shown) -> list[Table]:
    states = shown.lab.states(shown.clients)
    stats = stats_table(shown.lab.stats(shown.clients))
    tables = [counters_table(states), forwarders_table(states), too_slow_table(states), stats]
    if shown.named and (metrics := metrics_of(shown.lab.backend.engine, shown.members)):
        tables.append(metrics_table(metrics))
    return [table for table in tables if table.rows]


def _as_json(shown: _Shown) -> dict[str, dict[str, object]]:
    states = shown.lab.states(shown.clients)
    stats = shown.lab.stats(shown.clients)
    answers: dict[str, dict[str, object]] = {
        client.name: {
            "network": states[client.name].answer,
            "webrtc": stats[client.name].to_dict(),
            "too_slow": too_slow({client.name: states[client.name]}),
        }
        for client in shown.clients
    }
    if metrics := metrics_of(shown.lab.backend.engine, shown.members):
        answers[SFU_HOST] = {**answers.get(SFU_HOST, {}), "metrics": metrics.values, "error": metrics.error}
    return answers
