"""`http`: send a request from the host, for example to start a recording; an unexpected status fails."""

from __future__ import annotations

from dataclasses import dataclass

from ...stack.yaml import Node
from ...text.durations import MS_NS, SECOND_NS, format_duration
from .. import keys
from ..actions import Http
from ..model import Planner, StepPlan, Timed
from ..step_kind import Context, StepArgs, StepKind

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
WITHIN_NS, SHORTEST_NS = 10 * SECOND_NS, 100 * MS_NS


@dataclass(frozen=True, slots=True)
class HttpStep:
    """Finishes when the response has arrived."""

    ask: Http

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(actions=(Timed(0, self.ask),), most_ns=self.ask.within_ns)

    def __str__(self) -> str:
        return str(self.ask)


def _read_headers(node: Node, _: Context) -> dict[str, str]:
    return {name: entry.text("the value of a header") for name, entry in node.mapping(what="a set of headers").items()}


def _build(read: StepArgs) -> HttpStep:
    ask = Http(
        method=read.get("method", "POST" if "body" in read.values else "GET"),
        url=read.get("http"),
        body=read.get("body"),
        headers=read.get("headers", {}),
        status=read.get("status", 200),
        within_ns=read.get("within", WITHIN_NS),
    )
    return HttpStep(ask)


KIND = StepKind(
    name="http",
    help="send an HTTP request from the host",
    keys={
        "http": keys.address("the URL"),
        "method": keys.word(METHODS, "method (default: POST with a body, else GET)"),
        "body": keys.plain(lambda node, context: node.text(), keys.TEXT_SCHEMA, "request body"),
        "headers": keys.plain(
            _read_headers, {"type": "object", "additionalProperties": {"type": "string"}}, "headers by name"
        ),
        "status": keys.whole(100, 599, "expected status (default: 200)"),
        "within": keys.time(f"time limit (default: {format_duration(WITHIN_NS)})", SHORTEST_NS),
    },
    build=_build,
)
