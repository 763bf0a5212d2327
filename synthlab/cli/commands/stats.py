"""`stats`: prints counters of each link and flow, WebRTC statistics, and numbers of probes and metrics."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from ...control.backend import Backend
from ...control.group_change import MAX_AT_ONCE, LabClient
from ...control.metrics import Metrics, metrics_of, metrics_urls
from ...control.probes import ProbeReading, probed, read_probes
from ...control.running_lab import RunningLab
from ...control.slowness import too_slow
from ...errors import WrongUse
from ...stack.apps import NO_NUMBERS
from .. import console
from ..console import Table
from ..counters import counters_table, forwarders_table, too_slow_table
from ..lookups import lookups_table
from ..measured_tables import metrics_table, probes_table
from ..tables import stats_table
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
    """Show packet counters, WebRTC stats and probes.

    Counters of each link and flow, stats of each received stream, what probes measured, and, of those named, the
    metrics that they publish.

    \b
    dropped     by conditions, with the cause: loss, queue, codel, mtu, ...
    discarded   by the lab because this machine is too slow
    queued      packets waiting in the link
    duplicated, originated
                packets that the conditions added
    last, p50, p95
                how long probes (`http`, `tcp`) waited for an answer
    delayed, failed, unanswered, made up
                look-ups of names, by what `dns` made of them
    late        how late the forwarder sent packets in the last second
    Columns of zeros are left out; --json has all of them, and `bypassed`:
    packets not subject to conditions (ARP, the host's control traffic).

    \b
    Examples:
      synthlab stats client1
      synthlab stats sfu
      synthlab stats web db
      synthlab stats --watch
    """
    if watch and json:
        raise WrongUse("--watch and --json cannot be combined")
    backend: Backend = context.obj
    name, members = backend.members(lab)
    shown = _chosen(RunningLab(backend, name, members), names or ())
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
    """The clients whose stats are shown, and the names whose probes and metrics are."""

    lab: RunningLab
    clients: Sequence[LabClient]
    probed: Collection[str]
    measured: Sequence[str]
    named: bool

    def probes(self) -> list[ProbeReading]:
        chosen = [
            replace(client, probes=tuple(number for number in client.probes if probed(number)[0] in self.probed))
            for client in self.lab.find()
        ]
        return read_probes(chosen)

    def metrics(self) -> dict[str, Metrics]:
        engine, members = self.lab.backend.engine, self.lab.members
        with ThreadPoolExecutor(MAX_AT_ONCE) as pool:
            read = pool.map(lambda name: metrics_of(engine, members, name), self.measured)
        return dict(zip(self.measured, read, strict=True))


def _chosen(lab: RunningLab, names: Sequence[str]) -> _Shown:
    """The clients with these names; a name without conditions is valid if something is measured of it."""
    urls = metrics_urls(lab.members)
    everything = lab.find()
    has_probes = {probed(number)[0] for client in everything for number in client.probes}
    known = {name for client in everything for name in (client.name, client.group)}
    of_clients = [name for name in names if name in known or name not in {*urls, *has_probes}]
    clients = lab.find(of_clients) if of_clients or not names else ()
    shown = {*names, *(client.name.partition("@")[0] for client in clients)} if names else {*urls, *has_probes}
    return _Shown(lab, clients, has_probes & shown, [name for name in urls if name in shown], named=bool(names))


def _tables(shown: _Shown) -> list[Table]:
    states = shown.lab.states(shown.clients)
    stats = stats_table(shown.lab.stats(shown.clients))
    tables = [counters_table(states), forwarders_table(states), too_slow_table(states), lookups_table(states), stats]
    tables.append(probes_table(shown.probes()))
    if shown.named:
        tables += [metrics_table(name, metrics) for name, metrics in shown.metrics().items()]
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
    for reading in shown.probes():
        answer = {"from": reading.source, "values": reading.values or None, "error": reading.error}
        answers.setdefault(reading.name, {})[reading.kind] = answer
    for name, metrics in shown.metrics().items():
        answers.setdefault(name, {})["metrics"] = {"values": metrics.values, "error": metrics.error}
    return answers
