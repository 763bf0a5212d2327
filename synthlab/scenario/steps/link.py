"""`link`: take the network of clients down or up; while it is down, nothing passes in either direction."""

from __future__ import annotations

from ...stack.network_operations import link_down, link_up
from .. import keys
from ..step_kind import StepArgs, StepKind
from .set import Set, lease_key

DOWN = "down"


def _build(read: StepArgs) -> Set:
    down = read.get("link") == DOWN
    if not down and "for" in read.values:
        read.wrong("for", "requires `link: down`; a link that goes up stays up")
    return Set(clients=read.get("on"), change=link_down() if down else link_up(), for_ns=read.get("for"))


KIND = StepKind(
    name="link",
    help="take the network of clients down or up",
    keys={
        "link": keys.word((DOWN, "up"), "down or up"),
        "on": keys.clients("clients, groups or all", required=True),
        "for": lease_key(),
    },
    build=_build,
)
