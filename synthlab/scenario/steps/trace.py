"""`trace`: replay a recording: a Mahimahi trace of a rate, or a CSV table of times and conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syntheticnet.conditions import DIRECTIONS

from ...stack.local_files import LocalFile
from ...stack.yaml import Node
from ...text.durations import format_duration
from ...text.text_file import MB, read_text_file
from .. import keys
from ..actions import Change
from ..conditions_reader import split_files, written
from ..conditions_schema import fields_by_name
from ..csvtrace import CsvTrace, read_csv
from ..formatting import joined
from ..model import Planner, StepPlan, Timed
from ..step_kind import Context, StepArgs, StepKind
from ..value_ranges import LEAST_EVERY_NS, Timeline

MOST_CSV_BYTES = 4 * MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Finishes when its first values are in force; reverts to the earlier conditions when it ends."""

    clients: tuple[str, ...]
    names: tuple[str, ...]
    for_ns: int
    change: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    csv: CsvTrace | None = None

    def plan(self, planner: Planner) -> StepPlan:
        if self.csv is None:
            change = Change(
                layer=planner.layer, clients=self.clients, change=self.change, files=self.files, lease_ns=self.for_ns
            )
            return StepPlan(actions=(Timed(0, change),))
        points = tuple((at_ns, change) for at_ns, change in self.csv.rows if at_ns < self.for_ns)
        timeline = Timeline(clients=self.clients, points=points, lasts_ns=self.for_ns)
        return StepPlan(actions=timeline.actions(planner))

    def __str__(self) -> str:
        return f"trace {joined(self.clients)}: {joined(self.names)}, for {format_duration(self.for_ns)}"


def _build(read: StepArgs) -> Trace:
    clients = read.get("trace")
    sources = [name for name in (*DIRECTIONS, "csv") if name in read.values]
    if not sources or ("csv" in sources and len(sources) > 1):
        read.node.wrong("requires either `csv` or rate traces for `ingress`, `egress` or both")
    if "csv" in sources:
        csv = read.get("csv")
        name = read.keys["csv"].written
        return Trace(clients=clients, names=(name,), for_ns=read.get("for", csv.lasts_ns), csv=csv)
    if "for" not in read.values:
        read.node.wrong("requires `for`, because clients repeat a rate trace endlessly")
    # A trace and a fixed rate exclude each other, so a rate of the stack has to go.
    change, files = split_files({side: {"rate_trace": read.get(side), "rate": None} for side in sources})
    names = tuple(f"{side} {read.keys[side].written}" for side in sources)
    return Trace(clients=clients, names=names, for_ns=read.get("for"), change=change, files=files)


def _read_rates(node: Node, context: Context) -> LocalFile:
    value = written(node, fields_by_name()["rate_trace"], context)
    if not isinstance(value, LocalFile):
        node.wrong(f"no such file: {context.folder / node.text('a file')}")
    return value


def _read_csv(node: Node, context: Context) -> CsvTrace:
    path = context.folder / node.text("a file")
    try:
        return read_csv(read_text_file(path, MOST_CSV_BYTES))
    except ValueError as error:
        node.wrong(f"{path}: {error}")


_MAHIMAHI = "rate trace in mahimahi's format, repeated by the client"

KIND = StepKind(
    name="trace",
    help="replay a recording",
    keys={
        "trace": keys.clients("clients, groups or all"),
        "ingress": keys.plain(_read_rates, keys.TEXT_SCHEMA, f"{_MAHIMAHI}, for traffic toward the client"),
        "egress": keys.plain(_read_rates, keys.TEXT_SCHEMA, f"{_MAHIMAHI}, for traffic away from the client"),
        "csv": keys.plain(_read_csv, keys.TEXT_SCHEMA, "table of times and conditions: time,egress.rate,..."),
        "for": keys.time("duration (default: the length of the csv; required for rate traces)", LEAST_EVERY_NS),
    },
    build=_build,
)
