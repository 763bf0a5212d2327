"""`trace`: play what was recorded: Mahimahi traces of a rate, or a table of times and conditions (CSV)."""

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
    """Done when its beginning is in force; when it ends, what was before is in force again."""

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
        course = Timeline(clients=self.clients, points=points, lasts_ns=self.for_ns)
        return StepPlan(actions=course.actions(planner))

    def __str__(self) -> str:
        return f"trace {joined(self.clients)}: {joined(self.names)}, for {format_duration(self.for_ns)}"


def _build(read: StepArgs) -> Trace:
    clients = read.get("trace")
    given = [name for name in (*DIRECTIONS, "csv") if name in read.values]
    if not given or ("csv" in given and len(given) > 1):
        read.node.wrong("needs either a csv, or traces of the rate for ingress, egress or both directions")
    if "csv" in given:
        csv = read.get("csv")
        name = read.keys["csv"].written
        return Trace(clients=clients, names=(name,), for_ns=read.get("for", csv.lasts_ns), csv=csv)
    if "for" not in read.values:
        read.node.wrong("needs a `for`: the clients play a trace of the rate again and again")
    change, files = split_files({side: {"rate_trace": read.get(side), "rate": None} for side in given})
    names = tuple(f"{side} {read.keys[side].written}" for side in given)
    return Trace(clients=clients, names=names, for_ns=read.get("for"), change=change, files=files)


def _read_rates(node: Node, context: Context) -> LocalFile:
    found = written(node, fields_by_name()["rate_trace"], context)
    if not isinstance(found, LocalFile):
        node.wrong(f"no such file: {context.folder / node.text('a file')}")
    return found


def _read_csv(node: Node, context: Context) -> CsvTrace:
    path = context.folder / node.text("a file")
    try:
        return read_csv(read_text_file(path, MOST_CSV_BYTES))
    except ValueError as error:
        node.wrong(f"{path}: {error}")


_MAHIMAHI = "a trace of the rate in mahimahi's format, which the client plays and repeats"

KIND = StepKind(
    name="trace",
    help="play what was recorded",
    keys={
        "trace": keys.clients("the clients, groups, or all"),
        "ingress": keys.plain(_read_rates, keys.TEXT_SCHEMA, f"{_MAHIMAHI}; toward the client"),
        "egress": keys.plain(_read_rates, keys.TEXT_SCHEMA, f"{_MAHIMAHI}; away from it"),
        "csv": keys.plain(_read_csv, keys.TEXT_SCHEMA, "a table of times and conditions: time,egress.rate,..."),
        "for": keys.time("how long it goes on; else until a csv ends", LEAST_EVERY_NS),
    },
    build=_build,
)
