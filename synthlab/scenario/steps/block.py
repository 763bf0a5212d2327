"""`block`: drop all packets of a flow, silently or with a reject answer."""

from __future__ import annotations

from ...stack import network_operations
from ...stack.network_operations import ANSWERS, SILENT
from ...stack.yaml import Node
from .. import keys
from ..conditions_reader import check_flow
from ..step_kind import Context, Key, StepArgs, StepKind
from .set import Set, lease_key


def answer_key() -> Key:
    return keys.word(ANSWERS, "silent (default), or the answer sent for each packet")


def _read_flow(node: Node, context: Context) -> str:
    flow = node.text("a flow such as '*:udp'")
    check_flow(node, flow, context)
    return flow


def _build(read: StepArgs) -> Set:
    change = network_operations.block(read.get("block"), read.get("answer", SILENT))
    return Set(clients=read.get("on", read.context.known.clients), change=change, for_ns=read.get("for"))


KIND = StepKind(
    name="block",
    help="drop all packets of a flow",
    keys={
        "block": keys.plain(_read_flow, keys.TEXT_SCHEMA, "the flow, such as '*:udp'"),
        "on": keys.clients("clients, groups or all (default)"),
        "answer": answer_key(),
        "for": lease_key(),
    },
    build=_build,
)
