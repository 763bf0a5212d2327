"""PID 1's loop: forwards signals, reaps and restarts children, checks heartbeats, and exits on expiry."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from .. import syscalls
from ..router.control import NatServer
from .children import Children, reap, say
from .keeper import Keeper
from .roaming import Roaming
from .watch import TICK_SECONDS

GRACE_SECONDS = 2.0
KILLED = 128


class Supervisor:
    """Supervises children and application. Without an application, SIGTERM stops the container."""

    def __init__(
        self,
        children: Children,
        keepers: Sequence[Keeper],
        application: int | None,
        expires: float | None,
        nat: NatServer | None = None,
        roaming: Roaming | None = None,
    ) -> None:
        self._children = children
        self._keepers = keepers
        self._application = application
        self._expires = expires
        self._nat = nat
        self._roaming = roaming
        self._signals = syscalls.open_signals(signal.valid_signals())
        self._poll = select.poll()
        self._waiting = [one.fileno() for one in children.waiting()]
        asked = [*([nat.fileno()] if nat else []), *([roaming.server.fileno()] if roaming else [])]
        for file in (self._signals, *(keeper.fileno() for keeper in keepers), *self._waiting, *asked):
            self._poll.register(file, select.POLLIN)

    def run(self) -> int:
        """Run until the application exits or the lab expires; returns the exit status.

        Expiry is checked against the wall clock each second: a timer would run late after the machine has slept.
        """
        tick = time.monotonic() + TICK_SECONDS
        while True:
            due = min(tick, *(keeper.due for keeper in self._keepers), self._roaming.due if self._roaming else tick)
            ready = dict(self._poll.poll(max(0.0, due - time.monotonic()) * 1000))
            for number in syscalls.read_signals(self._signals):
                if (status := self._heed(number)) is not None:
                    return status
            if ready.keys() & self._waiting:
                self._start_called(ready)
            if self._nat and self._nat.fileno() in ready:
                self._nat.serve()
            if self._roaming:
                self._roam(self._roaming, ready)
            for keeper in self._keepers:
                if keeper.fileno() in ready:
                    keeper.changed()
                if time.monotonic() >= keeper.due:
                    keeper.look()
            if (now := time.monotonic()) >= tick:
                # From now on: after a pause of the container the missed ticks are not made up for.
                tick = now + TICK_SECONDS
                self._children.tick(now)
                if self._expires is not None and time.time() >= self._expires:
                    return self._expire()

    def _roam(self, roaming: Roaming, ready: Mapping[int, int]) -> None:
        """Begin what is asked, and end what is under way."""
        if roaming.server.fileno() in ready:
            roaming.server.serve()
        if time.monotonic() >= roaming.due:
            roaming.go_on()

    def _start_called(self, ready: Mapping[int, int]) -> None:
        """Start the children that a connection waits for, and leave their sockets to them."""
        self._children.called(ready.keys())
        waiting = [one.fileno() for one in self._children.waiting()]
        for file in {*self._waiting} - {*waiting}:
            self._poll.unregister(file)
        self._waiting = waiting

    def _heed(self, number: int) -> int | None:
        """Handle one signal; returns the exit status if the container must stop."""
        if number == signal.SIGCHLD:
            ended = dict(reap(self._children))
            return None if self._application not in ended else _exit_status(ended[self._application])
        if self._application is None:
            # The kernel applies no default action to PID 1, so without an application it must end itself.
            return 0 if number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP) else None
        self._pass_on(number, self._application)
        return None

    def _expire(self) -> int:
        """Give the application a moment to exit; when PID 1 exits, the kernel kills all other processes."""
        say("the lab has expired")
        application = self._application
        if application is not None:
            self._pass_on(signal.SIGTERM, application)
            deadline = time.monotonic() + GRACE_SECONDS
            while time.monotonic() < deadline and os.waitpid(application, os.WNOHANG)[0] == 0:
                time.sleep(0.05)
        return 0

    def _pass_on(self, number: int, application: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(application, number)


def _exit_status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else KILLED - code
