"""What a change in code has put in force, and how it is taken back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..control.client_api import ChangeOptions
from ..control.group_change import GroupChange, each
from ..control.running_lab import RunningLab
from ..control.state import ClientState
from ..errors import SynthlabError
from ..stack.durations import read_duration
from ..stack.partial_change import undoing

if TYPE_CHECKING:
    from ..control.group_change import Reachable


class AppliedChange:
    """One change. In a `with` statement it is taken back at the end:

        with lab["client2"].set(loss="5%"):
            ...

    The values that it named get back what they were; what else was changed meanwhile stays.
    """

    def __init__(
        self,
        lab: RunningLab,
        change: Mapping[str, Any],
        terms: ChangeOptions,
        before: Mapping[str, ClientState],
        made: GroupChange,
    ) -> None:
        self._lab = lab
        self._change = change
        self._terms = terms
        self._before = before
        self._made = made

    def __repr__(self) -> str:
        times = {"for": self._terms.lease, "after": self._terms.after}
        told = "".join(f", {name} {time}" for name, time in times.items() if time)
        return f"<set on {', '.join(self.states)}: {self._change}{told}>"

    @classmethod
    def make(
        cls,
        lab: RunningLab,
        names: Iterable[str],
        change: Mapping[str, Any],
        for_: str | None = None,
        after: str | None = None,
        files: Mapping[str, str] | None = None,
    ) -> AppliedChange:
        """Apply a change to the clients that `names` mean; raises WrongUse for a time that cannot be read."""
        for where, written in (("for_", for_), ("after", after)):
            if written is not None:
                read_duration(where, written)
        clients, terms = lab.find(names), ChangeOptions(lease=for_, after=after)
        before = lab.states(clients)
        return cls(lab, change, terms, before, lab.change(clients, change, terms, files))

    @property
    def states(self) -> dict[str, ClientState]:
        """What each client told when the change was made."""
        return self._made.states

    @property
    def apart_ms(self) -> float | None:
        """How far apart in time several clients changed at the most; None for one alone."""
        return None if self._made.apart_ns is None else self._made.apart_ns / 1e6

    def revert(self) -> None:
        """Take it back at once, whether it waits or is in force; raises SynthlabError. May be called again."""
        clients = self._lab.find(self.states)
        if self._terms.lease or self._terms.after:
            each(clients, self._release)
        if not self._terms.lease:
            for names, back in self._backs():
                self._lab.change(self._lab.find(names), back)

    def __enter__(self) -> AppliedChange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(SynthlabError) if error else contextlib.nullcontext():
            self.revert()

    def _release(self, client: Reachable) -> None:
        entry, present = self.states[client.name].entry, client.api.state()
        if entry and entry.id in [one.id for one in (*present.leases, *present.scheduled)]:
            client.api.release(entry.id)

    def _backs(self) -> list[tuple[list[str], dict[str, Any]]]:
        """Which clients get what back: those that get the same, together."""
        found: list[tuple[list[str], dict[str, Any]]] = []
        for name, state in self._before.items():
            back = undoing(self._change, state.base.to_dict())
            names = next((names for names, other in found if other == back), None)
            if names is None:
                found.append(([name], back))
            else:
                names.append(name)
        return found
