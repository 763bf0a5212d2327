"""`http`: send a request from the host, for example to start a recording; an unexpected status fails."""

from __future__ import annotations

from dataclasses import dataclass

from ...stack.yaml import Node
from .. import keys
from ..actions import Http
from ..model import Part, Planner, Timed
from ..step_kind import Context, StepArgs, StepKind

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class HttpStep:
    """Done when it is answered."""

    ask: Http

    def plan(self, planner: Planner) -> Part:
        return Part(actions=(Timed(0.0, self.ask),), most_s=self.ask.within_s)

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
        within_s=read.get("within", WITHIN_S),
    )
    return HttpStep(ask)


KIND = StepKind(
    name="http",
    help="ask an address from the host",
    keys={
        "http": keys.address("the address"),
        "method": keys.word(METHODS, "else GET, or POST where there is a body"),
        "body": keys.plain(lambda node, context: node.text(), keys.TEXT_SCHEMA, "what is sent"),
        "headers": keys.plain(
            _read_headers, {"type": "object", "additionalProperties": {"type": "string"}}, "headers by name"
        ),
        "status": keys.whole(100, 599, "the status that is expected; else 200"),
        "within": keys.time(f"how long it may take; else {WITHIN_S:g}s", 0.1),
    },
    build=_build,
)
