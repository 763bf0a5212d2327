"""`block`: let nothing of a flow pass, silently or with an answer that refuses it."""

from __future__ import annotations

from ...stack import network_operations
from ...stack.network_operations import ANSWERS, SILENT
from ...stack.yaml import Node
from .. import keys
from ..conditions_reader import check_flow
from ..step_kind import Context, Key, StepArgs, StepKind
from .set import Set, lease_key


def answer_key() -> Key:
    return keys.word(ANSWERS, "silent (the default), or what is answered to each packet")


def _read_flow(node: Node, context: Context) -> str:
    flow = node.text("a flow such as '*:udp'")
    check_flow(node, flow, context)
    return flow


def _build(read: StepArgs) -> Set:
    change = network_operations.block(read.get("block"), read.get("answer", SILENT))
    return Set(clients=read.get("on", read.context.known.clients), change=change, for_ns=read.get("for"))


KIND = StepKind(
    name="block",
    help="let nothing of a flow pass",
    keys={
        "block": keys.plain(_read_flow, keys.TEXT_SCHEMA, "the flow, such as '*:udp'"),
        "on": keys.clients("the clients, groups, or all (the default)"),
        "answer": answer_key(),
        "for": lease_key(),
    },
    build=_build,
)
