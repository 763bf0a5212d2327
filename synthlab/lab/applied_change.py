"""A change made from code, and how to revert it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..control.client_api import ChangeOptions
from ..control.group_change import GroupChange, each
from ..control.leases import release_present
from ..control.running_lab import RunningLab
from ..control.state import ClientState
from ..errors import SynthlabError
from ..stack.durations import read_optional
from ..stack.partial_change import undoing
from ..text.durations import format_duration

if TYPE_CHECKING:
    from ..control.group_change import Reachable


class AppliedChange:
    """One change. A `with` statement reverts it at the end:

        with lab["client2"].set(loss="5%"):
            ...

    Only the values in the change are restored; other changes made meanwhile stay.
    """

    def __init__(
        self,
        lab: RunningLab,
        change: Mapping[str, Any],
        options: ChangeOptions,
        before: Mapping[str, ClientState],
        made: GroupChange,
    ) -> None:
        self._lab = lab
        self._change = change
        self._options = options
        self._before = before
        self._made = made

    def __repr__(self) -> str:
        times = {"for": self._options.lease_ns, "after": self._options.after_ns}
        suffix = "".join(f", {name} {format_duration(time_ns)}" for name, time_ns in times.items() if time_ns)
        return f"<set on {', '.join(self.states)}: {self._change}{suffix}>"

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
        """Apply a change to the clients or groups in `names`; raises WrongUse for an invalid time."""
        options = ChangeOptions(lease_ns=read_optional("for_", for_), after_ns=read_optional("after", after))
        clients = lab.find(names)
        # A change of several clients reads their states itself, before it.
        before = lab.states(clients) if len(clients) == 1 else {}
        made = lab.change(clients, change, options, files)
        return cls(lab, change, options, before or made.before, made)

    @property
    def states(self) -> dict[str, ClientState]:
        """The state of each client just after the change."""
        return self._made.states

    @property
    def apart_ms(self) -> float | None:
        """The largest time difference between several clients' changes; None for a single client."""
        return None if self._made.apart_ns is None else self._made.apart_ns / 1e6

    def revert(self) -> None:
        """Revert it now, whether scheduled or in force. May be called again. Raises SynthlabError."""
        clients = self._lab.find(self.states)
        if self._options.lease_ns or self._options.after_ns:
            each(clients, self._release)
        # Without a lease, a scheduled change that has started is part of the base, and cannot be released.
        if not self._options.lease_ns:
            for names, back in self._backs():
                self._lab.change(self._lab.find(names), back)

    def __enter__(self) -> AppliedChange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # An error of the body matters more than what it does to the end: often the lab is gone.
        with contextlib.suppress(SynthlabError) if error else contextlib.nullcontext():
            self.revert()

    def _release(self, client: Reachable) -> None:
        if entry := self.states[client.name].entry:
            release_present(client.api, entry.id)

    def _backs(self) -> list[tuple[list[str], dict[str, Any]]]:
        """The changes that restore the earlier values, each with its clients; clients with equal values share one."""
        groups: list[tuple[list[str], dict[str, Any]]] = []
        for name, state in self._before.items():
            back = undoing(self._change, state.base_text)
            names = next((names for names, other in groups if other == back), None)
            if names is None:
                groups.append(([name], back))
            else:
                names.append(name)
        return groups
