"""Changes the network of a client: by a jump, by a step, or to another address in the same one.

Both networks are taken over from the start, so nothing can pass either unconditioned; roaming only decides which of
them the application sees. What has begun is ended here, whoever asked for it and whatever becomes of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from math import inf

from ..conditions import RoamRequest
from ..forwarder.roam_control import RoamServer
from . import network_devices
from .children import say
from .interface import NoInterface
from .keeper import Keeper
from .presence import Presence


class Roaming:
    """The networks of a client, one of which is in use. `due` is when to call `go_on`, in seconds of the clock."""

    def __init__(self, keepers: Sequence[Keeper]) -> None:
        self.due = inf
        self.server = RoamServer(self._begin)
        self._keepers = {keeper.presence.uplink.name: keeper for keeper in keepers if keeper.presence}
        self._in_use: str | None = next(iter(self._keepers))
        self._rest: Callable[[], None] | None = None
        self._to = ""
        self._publish()

    def go_on(self) -> None:
        """Do what was to come after the gap."""
        self.due = inf
        rest, self._rest = self._rest, None
        if rest:
            rest()
        self._publish()

    def _begin(self, request: RoamRequest) -> None:
        """Raises ValueError with one line."""
        self._refuse(request)
        name = request.to or self._in_use
        assert name
        if request.to is None:
            self._jump(name, another_address=True)
        elif request.how == "jump":
            self._jump(name)
        else:
            self._step(name)
        self._to = name
        if request.gap_ns or request.how == "step":
            self.due = time.monotonic() + request.gap_ns / 1e9
            self._publish()
        else:
            self.go_on()

    def _refuse(self, request: RoamRequest) -> None:
        if self._rest:
            raise ValueError(f"the client is on its way to {self._to}: wait until it is there")
        if request.to is None:
            return
        if request.to not in self._keepers:
            raise ValueError(f"the client has no uplink '{request.to}'; it has: {', '.join(self._keepers)}")
        if request.to == self._in_use:
            raise ValueError(f"the client is in {request.to} already")

    def _jump(self, name: str, another_address: bool = False) -> None:
        """The old network goes; the rest is that the new one comes."""
        before, self._in_use = self._in_use, None
        if before:
            self._show(before, False)

        def come() -> None:
            presence = self._presence(name)
            presence.moved ^= another_address
            self._show(name, True)
            self._in_use = name

        self._rest = come

    def _step(self, name: str) -> None:
        """The new network comes; the rest is that the old one goes."""
        before, self._in_use = self._in_use, name
        self._show(name, True)

        def go() -> None:
            if before:
                self._show(before, False)

        self._rest = go

    def _show(self, name: str, shown: bool) -> None:
        keeper = self._keepers[name]
        self._presence(name).shown = shown
        try:
            with network_devices.one_line_errors():
                keeper.appear()
        except (NoInterface, OSError) as error:
            say(f"{name}: {error}")

    def _presence(self, name: str) -> Presence:
        presence = self._keepers[name].presence
        assert presence
        return presence

    def _publish(self) -> None:
        """Write what the API reports."""
        keeper = self._keepers[self._in_use] if self._in_use else None
        self.server.document.save(
            {
                "uplinks": list(self._keepers),
                "in_use": self._in_use,
                "address": keeper.shown_address if keeper else None,
                "on_the_way_to": self._to if self._rest else None,
            }
        )
