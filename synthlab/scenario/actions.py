"""What a player does at one moment of a scenario. Each action is plain data; `str` of it is one line for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from ..contract import ContainerAction
from ..text.durations import SECOND_NS, format_duration
from .expression import Expression
from .formatting import doc_text, joined

LEASE_NS = 10 * SECOND_NS
"""The longest lease that a player asks for at once, so that conditions revert by themselves if it dies."""

Congestion = Literal["cubic", "reno", "bbr"]
JudgeKind = Literal["expect", "never", "recovers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Put `change` into the conditions of `clients`, at the same moment, as a lease on top of all that are in force.

    `change` is what `Conditions.changed` takes, or whole conditions where `replace`. A change of a `layer` takes the
    place of that layer's earlier lease: ask for the new one, then release the older. It is to be in force for
    `lease_ns`, or, where that is None, until a later change of its layer, a reset or the end: ask for LEASE_NS at most,
    and renew.
    `files` are traces and tables that the clients must have before.
    """

    layer: str
    clients: tuple[str, ...]
    change: Mapping[str, Any]
    replace: bool = False
    lease_ns: int | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lease = "" if self.lease_ns is None else f", for {format_duration(self.lease_ns)}"
        only = " (and nothing else)" if self.replace else ""
        return f"{joined(self.clients)}: {doc_text(self.change)}{only}{lease}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Give `clients` the conditions that their stack gives them; all leases end."""

    clients: tuple[str, ...]

    def __str__(self) -> str:
        return f"{joined(self.clients)}: conditions of the stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Evaluate an expression on each new sample until it is decided.

    - `expect`: it must begin to hold `within_ns` (None: at once), and then hold for `for_ns`.
    - `never`: it must not hold at any time of `for_ns`; no data fails.
    - `recovers`: as `expect`, and the time until it began to hold is reported.
    Where there is no data an expression does not hold, and a failure for that is told as "no data".
    """

    kind: JudgeKind
    expression: Expression
    within_ns: int | None = None
    for_ns: int = 0

    @property
    def most_ns(self) -> int:
        """The longest that a verdict can take, but for the time until the next sample."""
        return (self.within_ns or 0) + self.for_ns

    def __str__(self) -> str:
        within = "" if self.within_ns is None else f" within {format_duration(self.within_ns)}"
        hold = f" for {format_duration(self.for_ns)}" if self.for_ns else ""
        return f"{self.kind} {self.expression}{within}{hold}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Take the samples of the next `for_ns` as what later expectations call `before`."""

    for_ns: int

    def __str__(self) -> str:
        return f"baseline of {format_duration(self.for_ns)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerChange:
    """Pause, stop, start ... the containers of `names`: clients, or `sfu`."""

    doing: ContainerAction
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.doing} {joined(self.names)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Competing traffic from `client` to `target`, or the other way if `reverse`; a `rate_bps` of None: all it gets.

    `congestion` is TCP's congestion control; None is the same on every machine, whatever that one's default is.
    """

    client: str
    target: str
    protocol: Literal["tcp", "udp"]
    rate_bps: float | None
    for_ns: int
    reverse: bool = False
    congestion: Congestion | None = None

    def __str__(self) -> str:
        rate = "as much as it gets" if self.rate_bps is None else f"{self.rate_bps / 1000:g}kbit"
        ends = (self.target, self.client) if self.reverse else (self.client, self.target)
        how = f", {self.congestion}" if self.congestion else ""
        return f"traffic {self.protocol} {ends[0]} -> {ends[1]}, {rate}, for {format_duration(self.for_ns)}{how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exec:
    """Run a command in a container, or, where `where` is None, on the host; another status than 0 fails."""

    command: tuple[str, ...]
    where: str | None
    within_ns: int

    def __str__(self) -> str:
        return f"exec {' '.join(self.command)!r} {f'in {self.where}' if self.where else 'on the host'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Ask from the host; another answer than `status` fails."""

    method: str
    url: str
    body: str | None
    headers: Mapping[str, str]
    status: int
    within_ns: int

    def __str__(self) -> str:
        return f"http {self.method} {self.url}, expects {self.status}"


Action = Change | Reset | Judge | Baseline | ContainerChange | Traffic | Exec | Http


def lasts_ns(action: Action) -> int:
    """How long what an action has begun goes on, or stays in force, by itself; 0 where that is not known."""
    match action:
        case Change(lease_ns=int(lease_ns)):
            return lease_ns
        case Traffic(for_ns=for_ns):
            return for_ns
        case Change() | Reset() | Judge() | Baseline() | ContainerChange() | Exec() | Http():
            return 0
        case _:
            assert_never(action)


def changes_conditions(action: Action) -> bool:
    """Whether it changes the conditions of clients, which they are told beforehand."""
    match action:
        case Change() | Reset():
            return True
        case Judge() | Baseline() | ContainerChange() | Traffic() | Exec() | Http():
            return False
        case _:
            assert_never(action)
