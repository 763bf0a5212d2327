"""Passes changes of conditions on to the forwarder, one at a time, with the addresses of the hosts they name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from ..channel import WORK_SECONDS, RequestRefused
from ..conditions import Conditions, ConditionsError
from ..conditions.hosts import named_hosts
from .control_client import ControlClient
from .lookup import addresses_of
from .parameters import options_of
from .state_answer import StateAnswer


class ChangeRelay:
    """Each change is applied completely or not at all."""

    def __init__(self, control: ControlClient, state: StateAnswer, named: Callable[[], None] = lambda: None) -> None:
        """`named` is called after each change that names hosts."""
        self._control = control
        self._named = named
        self._state = state
        # A change may take several requests (a report or preview, then the change); no other may come in between.
        self._changing = asyncio.Lock()

    async def changed(
        self, op: str, change: Any, parameters: Mapping[str, str], strict: bool = False
    ) -> dict[str, Any]:
        """Apply a change and return the state; with `?check=true` return the preview and the present state."""
        options = options_of(parameters) | {"strict": strict}
        async with self._changing:
            if parameters.get("check") != "true":
                return await self._change(op, change, options)
            preview, _ = await self._previewed(op, change, options)
            return preview | {"state": self._state.of(await self._control.ask("report"))}

    async def edit(self, edited: Callable[[Conditions], Conditions], by: str) -> None:
        """Replace the base by what `edited` makes of it, unless that leaves the conditions in force as they are."""
        async with self._changing:
            report = await self._control.ask("report")
            base, present = (Conditions.from_dict(report[key]) for key in ("base", "conditions"))
            if edited(present) != present:
                await self._change("replace", edited(base).to_dict(), options_of({"by": by}))

    async def _change(self, op: str, change: Any, options: Mapping[str, Any]) -> dict[str, Any]:
        """The state after a change. The change is passed on unparsed: only the forwarder parses it.

        A change to a flow that names a host needs a preview first, which lists the host names that all flows will use:
        the API looks them up, as the forwarder must not block on DNS.
        """
        names = (await self._previewed(op, change, options))[1] if named_hosts(change) else {}
        report = await self._control.ask(op, WORK_SECONDS, change=change, **options, names=names)
        if names:
            self._named()
        return self._state.of(report)

    async def _previewed(
        self, op: str, change: Any, options: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """The conditions that would be in force, and host addresses if the change touches a flow that names a host.

        If a refused change is valid by itself but names an unknown host, the error reports the host.
        """
        hosts = named_hosts(change)
        try:
            preview = await self._control.ask(op, WORK_SECONDS, change=change, **options, check=True)
        except RequestRefused as refused:
            try:
                Conditions.from_dict(change)
            except ConditionsError:
                raise refused from None
            await _addresses(hosts)
            raise
        all_hosts = preview.pop("hosts")
        return preview, await _addresses(all_hosts) if hosts else {}


async def _addresses(hosts: Mapping[str, str]) -> dict[str, list[str]]:
    """The addresses of hosts, given as host name -> flow; raises ConditionsError if a name cannot be resolved."""
    addresses = {}
    for name, flow in hosts.items():
        try:
            addresses[name] = await addresses_of(name)
        except (OSError, TimeoutError):
            raise ConditionsError(f"cannot resolve host name {name!r} on this network", f"flows.{flow}") from None
    return addresses
