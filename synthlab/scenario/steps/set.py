"""`set`: change conditions of clients, for a time or until the end; a `profile` sets every value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syntheticnet.conditions import Conditions, ConditionsError

from ...stack.netem import KEY
from ...stack.netem_keys import HELP, SCHEMA, read_netem, translations
from ...text.durations import MS_NS, format_duration
from .. import keys
from ..actions import Change
from ..conditions_reader import (
    change_of,
    link_keys,
    profile_change,
    read_dns,
    read_muted,
    read_nat,
    read_order,
    split_files,
    written,
)
from ..conditions_schema import DNS_SCHEMA, MUTED_SCHEMA, NAT_SCHEMA, ORDER_SCHEMA, VALUES
from ..formatting import doc_text, joined
from ..model import Planner, StepPlan, Timed
from ..step_kind import Key, StepArgs, StepKind

SHORTEST_NS = 100 * MS_NS
"""The shortest lease the API accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """Finishes when it is in force; reverts to the earlier conditions after `for_ns`."""

    clients: tuple[str, ...]
    change: Mapping[str, Any]
    replace: bool = False
    for_ns: int | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    translated: tuple[str, ...] = ()
    """Lines that say what its `netem` means."""

    def plan(self, planner: Planner) -> StepPlan:
        change = Change(
            layer=planner.layer,
            clients=self.clients,
            change=self.change,
            replace=self.replace,
            lease_ns=self.for_ns,
            files=self.files,
            translated=self.translated,
        )
        return StepPlan(actions=(Timed(0, change),))

    def __str__(self) -> str:
        lasts = f" for {format_duration(self.for_ns)}" if self.for_ns else ""
        return f"set {joined(self.clients)}: {doc_text(self.change)}{lasts}"


def lease_key() -> Key:
    """The key `for` of steps that change conditions."""
    return keys.time("how long it stays in force (default: until changed again, a reset or the end)", SHORTEST_NS)


def _build(read: StepArgs) -> Set:
    if "nat" in read.values:
        _refuse_others(read)
    change, files = split_files(change_of(read, "egress: {rate: 1mbit}"))
    if replace := read.get("replace", False):
        change = _cleared(read, change)
    lines = [line for place, meant in translations(read.node) for line in meant.lines(place)]
    return Set(
        clients=read.get("set"),
        change=change,
        replace=replace,
        for_ns=read.get("for"),
        files=files,
        translated=tuple(lines),
    )


def _refuse_others(read: StepArgs) -> None:
    """Raise WrongUse if a client that is no router is to have a NAT."""
    routers = [router.name for router in read.context.stack.routers]
    for name in read.get("set"):
        if name not in routers:
            read.wrong("nat", f"'{name}' is not a router; routers of the stack: {', '.join(routers) or 'none'}")


def _cleared(read: StepArgs, change: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return Conditions().changed(change).to_dict()
    except ConditionsError as error:
        read.node.wrong_at(error)


KIND = StepKind(
    name="set",
    help="change conditions of clients",
    keys={
        "set": keys.clients("clients, groups or all"),
        "profile": keys.plain(
            profile_change,
            keys.TEXT_SCHEMA,
            "a profile such as wpt/3g, or one from a file: office.yaml#slow; sets every value",
        ),
        KEY: keys.plain(lambda node, _: read_netem(node), SCHEMA, HELP),
        **link_keys(written, VALUES),
        "muted": keys.plain(
            read_muted, MUTED_SCHEMA, "keep the values of the link, but not in force; flows stay in force"
        ),
        "order": keys.plain(read_order, ORDER_SCHEMA, "the flows that match first, in this order; the others follow"),
        "dns": keys.plain(
            read_dns, DNS_SCHEMA, "what becomes of look-ups of names: {app.example: {delay: 3s, answer: nxdomain}}"
        ),
        "nat": keys.plain(read_nat, NAT_SCHEMA, "of a router: symmetric, full-cone, ..."),
        "replace": keys.switch("clear all values that are not listed"),
        "for": lease_key(),
    },
    build=_build,
)
