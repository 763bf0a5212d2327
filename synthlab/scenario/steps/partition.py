"""`partition`: drop direct traffic between two participants, in one or both directions, silently or rejected."""

from __future__ import annotations

from ...errors import WrongUse
from ...stack import network_operations
from ...stack.network_operations import BOTH, PARTITION_DIRECTIONS, SILENT
from ...stack.uplinks import ends_that_see
from ...stack.yaml import Node
from .. import keys
from ..step_kind import Context, Key, StepArgs, StepKind
from .block import answer_key
from .set import Set, lease_key


def _read_ends(node: Node, context: Context) -> tuple[str, str]:
    entries = node.items("two participants such as [client1, sfu]")
    names = [keys.read_one(entry, context.containers, "client or sfu") for entry in entries]
    if len(names) != 2 or names[0] == names[1]:
        node.wrong(f"{node.quoted()} is not a pair of different participants such as [client1, sfu]")
    return names[0], names[1]


def _build(read: StepArgs) -> Set:
    a, b = read.get("partition")
    conditioned = [end for end in (a, b) if read.context.networks(end)]
    try:
        conditioned = ends_that_see(a, b, conditioned, read.context.stack.uplinks)
    except WrongUse as error:
        read.wrong("partition", error.message)
    end, change = network_operations.partition(
        a, b, conditioned, read.get("direction", BOTH), read.get("answer", SILENT)
    )
    return Set(clients=read.context.networks(end), change=change, for_ns=read.get("for"))


KIND = StepKind(
    name="partition",
    help="drop direct traffic between two participants",
    keys={
        "partition": Key(
            read=_read_ends,
            schema={"type": "array", "items": keys.TEXT_SCHEMA, "minItems": 2, "maxItems": 2},
            help="two clients, or a client and the sfu",
            of_stack=True,
        ),
        "direction": keys.word(PARTITION_DIRECTIONS, "both (default), a-to-b (from the first to the second) or b-to-a"),
        "answer": answer_key(),
        "for": lease_key(),
    },
    build=_build,
)
