"""`partition`: let nothing pass directly between two participants, both ways or one way, silently or refused."""

from __future__ import annotations

from syntheticnet.conditions import DIRECTIONS

from ...stack.yaml import Node
from .. import keys
from ..step_kind import Context, StepArgs, StepKind
from .block import SILENT, answer_key, refusal
from .set import Set, lease_key

WAYS = ("both", "forth", "back")


def _read_ends(node: Node, context: Context) -> tuple[str, str]:
    entries = node.items("two participants such as [client1, sfu]")
    names = [keys.read_one(entry, context.containers, "client or sfu") for entry in entries]
    if len(names) != 2 or names[0] == names[1]:
        node.wrong(f"{node.plain()!r} is not two participants such as [client1, sfu]")
    return names[0], names[1]


def _build(read: StepArgs) -> Set:
    """It is done at one end alone, the first that has conditions."""
    first, second = read.get("partition")
    way = read.get("way", "both")
    here = first if first in read.context.clients else second
    away = way if here == first else {"forth": "back", "back": "forth"}.get(way, way)
    directions = {"both": DIRECTIONS, "forth": ("egress",), "back": ("ingress",)}[away]
    there = second if here == first else first
    change = {"flows": {there: dict.fromkeys(directions, refusal(read.get("answer", SILENT)))}}
    return Set(clients=(here,), change=change, for_s=read.get("for"))


KIND = StepKind(
    name="partition",
    help="let nothing pass directly between two participants",
    keys={
        "partition": keys.plain(
            _read_ends,
            {"type": "array", "items": keys.TEXT_SCHEMA, "minItems": 2, "maxItems": 2},
            "two clients, or a client and sfu",
        ),
        "way": keys.word(WAYS, "both (the default), forth: from the first to the second, or back"),
        "answer": answer_key(),
        "for": lease_key(),
    },
    build=_build,
)
