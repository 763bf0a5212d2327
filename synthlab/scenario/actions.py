"""The actions of a plan, as plain data. `str` of an action is one line for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from ..contract import ContainerAction
from ..stack.roaming import RoamPlan
from ..text.durations import SECOND_NS, format_duration
from .expression import Expression
from .formatting import doc_text, joined
from .traffic_patterns import Pattern, Steady, Transfer

LEASE_NS = 10 * SECOND_NS
"""The longest lease a player requests; it renews longer ones. If the player dies, clients revert within this time."""

Congestion = Literal["cubic", "reno", "bbr"]
JudgeKind = Literal["expect", "never", "recovers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Apply `change` to the conditions of `clients` at one instant, as a lease on top of the leases in force.

    `change` is an argument for `Conditions.changed`, or complete conditions if `replace`. It replaces the earlier lease
    of its `layer`: request the new lease, then release the old one. It lasts `lease_ns` or, if that is None, until the
    next change of its layer, a reset or the end of the run; either way request at most LEASE_NS at a time and renew.
    `files` are traces and tables to upload first. `translated`: lines that say what its `netem` means.
    """

    layer: str
    clients: tuple[str, ...]
    change: Mapping[str, Any]
    replace: bool = False
    lease_ns: int | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    translated: tuple[str, ...] = ()

    def __str__(self) -> str:
        lease = "" if self.lease_ns is None else f", for {format_duration(self.lease_ns)}"
        only = " (and nothing else)" if self.replace else ""
        return f"{joined(self.clients)}: {doc_text(self.change)}{only}{lease}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Drop all leases of `clients` and restore the conditions of their stack.

    A reset is not a lease: nothing has to be renewed, and the end of the run does not undo it.
    """

    clients: tuple[str, ...]

    def __str__(self) -> str:
        return f"{joined(self.clients)}: conditions of the stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Evaluate an expression on each new sample until the result is certain.

    - `expect`: it must start to hold `within_ns` (None: immediately) and then hold for `for_ns`.
    - `never`: it must not hold at any time during `for_ns`; no data fails.
    - `recovers`: like `expect`, and reports the time until it started to hold.
    Without data an expression does not hold; the failure is then reported as "no data".
    """

    kind: JudgeKind
    expression: Expression
    within_ns: int | None = None
    for_ns: int = 0

    @property
    def most_ns(self) -> int:
        """The longest a result can take, excluding the wait for the next sample."""
        return (self.within_ns or 0) + self.for_ns

    def __str__(self) -> str:
        within = "" if self.within_ns is None else f" within {format_duration(self.within_ns)}"
        hold = f" for {format_duration(self.for_ns)}" if self.for_ns else ""
        return f"{self.kind} {self.expression}{within}{hold}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Record the samples of the next `for_ns` as `before` for later expectations."""

    for_ns: int

    def __str__(self) -> str:
        return f"baseline of {format_duration(self.for_ns)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerChange:
    """Pause, stop, start ... the containers of clients or of the `sfu`."""

    action: ContainerAction
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.action} {joined(self.names)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roam:
    """Have a client change its network, or its address there; the end of the run brings it back."""

    client: str
    way: RoamPlan

    def __str__(self) -> str:
        return f"roam {self.client}: {self.way}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Competing traffic from `client` to `target`, or back if `reverse`, called `name` in numbers.

    `rate_bps` is the most that each flow sends; None means no limit. `congestion` is TCP's congestion control; None
    selects the same one on every machine, not the machine's default. `flows` are the transfers of each flow, planned
    from `pattern`.
    """

    client: str
    target: str
    protocol: Literal["tcp", "udp"]
    rate_bps: float | None
    for_ns: int
    reverse: bool = False
    congestion: Congestion | None = None
    name: str = ""
    pattern: Pattern = Steady()
    flows: tuple[tuple[Transfer, ...], ...] = ((Transfer(at_ns=0),),)

    @property
    def ends(self) -> tuple[str, str]:
        """Who sends, and who receives."""
        return (self.target, self.client) if self.reverse else (self.client, self.target)

    def __str__(self) -> str:
        rate = "unlimited" if self.rate_bps is None else f"{self.rate_bps / 1000:g}kbit"
        several = f"{len(self.flows)} flows" if len(self.flows) > 1 else ""
        more = [one for one in (several, str(self.pattern), self.congestion or "") if one]
        what = f"traffic {self.protocol} {' -> '.join(self.ends)}, {rate}, for {format_duration(self.for_ns)}"
        return ", ".join([what, *more])


@dataclass(frozen=True, slots=True, kw_only=True)
class Exec:
    """Run a command in the container `where`, or on the host if that is None; a nonzero exit status fails."""

    command: tuple[str, ...]
    where: str | None
    within_ns: int

    def __str__(self) -> str:
        return f"exec {' '.join(self.command)!r} {f'in {self.where}' if self.where else 'on the host'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Send a request from the host; a response status other than `status` fails."""

    method: str
    url: str
    body: str | None
    headers: Mapping[str, str]
    status: int
    within_ns: int

    def __str__(self) -> str:
        return f"http {self.method} {self.url}, expects {self.status}"


Action = Change | Reset | Judge | Baseline | ContainerChange | Roam | Traffic | Exec | Http


def lasts_ns(action: Action) -> int:
    """How long the effect of an action outlasts it; 0 if it has none or no fixed end."""
    match action:
        case Change(lease_ns=int(lease_ns)):
            return lease_ns
        case Traffic(for_ns=for_ns):
            return for_ns
        case Change() | Reset() | Judge() | Baseline() | ContainerChange() | Roam() | Exec() | Http():
            return 0
        case _:
            assert_never(action)


def changes_conditions(action: Action) -> bool:
    """Whether an action changes conditions, and so is sent to clients ahead of time."""
    match action:
        case Change() | Reset():
            return True
        case Judge() | Baseline() | ContainerChange() | Roam() | Traffic() | Exec() | Http():
            return False
        case _:
            assert_never(action)
