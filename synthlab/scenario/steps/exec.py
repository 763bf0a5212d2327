"""`exec`: run a command in a container of the lab or on the host; a nonzero exit status fails the scenario."""

from __future__ import annotations

from dataclasses import dataclass

from ...stack.fields import read_command
from ...text.durations import MS_NS, SECOND_NS, format_duration
from .. import keys
from ..actions import Exec
from ..model import Planner, StepPlan, Timed
from ..step_kind import StepArgs, StepKind

HOST = "host"
WITHIN_NS, SHORTEST_NS = 30 * SECOND_NS, 100 * MS_NS


@dataclass(frozen=True, slots=True)
class ExecStep:
    """Finishes when the command exits."""

    command: Exec

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(actions=(Timed(0, self.command),), most_ns=self.command.within_ns)

    def __str__(self) -> str:
        return str(self.command)


def _build(read: StepArgs) -> ExecStep:
    where = None if read.get("in") == HOST else read.get("in")
    return ExecStep(Exec(command=read.get("exec"), where=where, within_ns=read.get("within", WITHIN_NS)))


KIND = StepKind(
    name="exec",
    help="run a command",
    keys={
        "exec": keys.plain(
            lambda node, context: read_command(node) or node.wrong("is empty; expected a command"),
            {"anyOf": [keys.TEXT_SCHEMA, {"type": "array", "items": keys.TEXT_SCHEMA, "minItems": 1}]},
            "the command, as a string or a list of words",
        ),
        "in": keys.one(
            lambda context: (*context.containers, HOST), "client, sfu or host", "a client, sfu or host", required=True
        ),
        "within": keys.time(f"time limit (default: {format_duration(WITHIN_NS)})", SHORTEST_NS),
    },
    build=_build,
)
