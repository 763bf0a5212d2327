"""The child processes PID 1 keeps alive: restarted when they exit, killed when they hang."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from .. import syscalls
from ..heartbeat import Pulse
from .application import FORBIDDEN
from .watch import Sign, State, Watch

BRIEF_SECONDS, PAUSE_SECONDS = 1.0, 0.3
REST_TICKS = 8
START_SECONDS = 20.0
"""How long a new child may take to answer for the first time: it may have long files to parse."""

STOPPED = "Tt"
_FINDERS = list(sys.meta_path)
_TICKS = os.sysconf("SC_CLK_TCK")

ChildBody = Callable[[int], None]
"""Runs for ever in the child; its argument is the number of restarts so far."""


@dataclass
class Child:
    """A supervised process of a network; counters include its predecessors of the same name.

    One with `listening` sockets starts when the first connection arrives at one of them; until then `pid` is 0. PID 1
    calls `prepare` before it forks.
    """

    name: str
    body: ChildBody
    pulse: Pulse
    network: str = ""
    listening: Sequence[socket.socket] = ()
    prepare: Callable[[], None] = lambda: None
    pid: int = 0
    restarts: int = -1
    hangs: int = 0
    starved_s: float = 0.0
    state: State = "well"
    started: float = 0.0
    watch: Watch = field(default_factory=lambda: Watch(0))
    asked: bool = False
    alive: bool = False
    rested: int = 0
    cpu_s: float = 0.0
    stat: int | None = None

    @property
    def title(self) -> str:
        """What the log calls it."""
        return f"{self.name} of {self.network}" if self.network else self.name

    def fork(self) -> None:
        """Start or restart the process."""
        self.prepare()
        self.restarts += 1
        self.started = time.monotonic()
        self.watch, self.state = Watch(self.started), "well"
        self.asked, self.rested, self.cpu_s = False, 0, 0.0
        self.pulse.answered()  # discard the predecessor's answers
        self.alive = False
        gc.freeze()  # a collection in the child would copy pages that it shares with PID 1
        self.pid = os.fork()
        if not self.pid:
            in_child(lambda: self.body(self.restarts))
        if self.stat is not None:
            os.close(self.stat)
        # The open file keeps referring to this process, even if its pid is reused.
        self.stat = os.open(f"/proc/{self.pid}/stat", os.O_RDONLY)

    def report(self) -> dict[str, Any]:
        """Its state and counters, as the API reports them."""
        return {"state": self.state, "hangs": self.hangs, "starved_s": round(self.starved_s, 3)}

    def look(self, now: float) -> State:
        """Check its health and update the counters."""
        before, seen = self.watch.starved_s, self._seen()
        self.state = self.watch.judge(seen, now)
        self.starved_s += self.watch.starved_s - before
        self.hangs += self.state == "hangs"
        self.rested = self.rested + 1 if seen.state == "S" and seen.cpu_s == self.cpu_s else 0
        self.cpu_s = seen.cpu_s
        return self.state

    def ask(self, news: Mapping[str, Any]) -> None:
        """Request a heartbeat and pass `news` on."""
        # An idle child is asked only every 8th tick: waking each process of each client every second would keep a
        # large idle lab busy. Sleeping without using CPU time is no sign of a hang until a request stays unanswered.
        if not self.asked and (news != self.pulse.news or self.rested % REST_TICKS == 0):
            self.asked = True
            self.pulse.ask(news)

    def _seen(self) -> Sign:
        """What the watch judges by; a child that has exited but is not yet restarted counts as answering."""
        if self.pulse.answered():
            self.asked, self.alive = False, True
        starting = not self.alive and time.monotonic() - self.started < START_SECONDS
        assert self.stat is not None
        try:
            fields = os.pread(self.stat, 4096, 0).rpartition(b")")[2].decode().split()
        except ProcessLookupError:
            return Sign(True, "X", 0.0)
        well = fields[0] == "Z" or (fields[0] not in STOPPED and (starting or not self.asked))
        return Sign(well, fields[0], (int(fields[11]) + int(fields[12])) / _TICKS)


class Children:
    """All supervised processes."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(
        self,
        name: str,
        body: ChildBody,
        pulse: Pulse,
        network: str = "",
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        """Run `body(restarts)` in a new process that answers heartbeats through `pulse`."""
        child = Child(name, body, pulse, network, prepare=prepare)
        self._children.append(child)
        child.fork()

    def start_when_called(
        self,
        name: str,
        body: ChildBody,
        pulse: Pulse,
        network: str,
        listening: Sequence[socket.socket],
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        """Like `start`, but only when somebody connects to one of these sockets (see `waiting` and `called`)."""
        self._children.append(Child(name, body, pulse, network, listening, prepare))

    def waiting(self) -> list[socket.socket]:
        """The sockets whose first connection starts a child."""
        return [one for child in self._children if not child.pid for one in child.listening]

    def called(self, fds: Collection[int]) -> None:
        """Start the children that wait for a connection at one of these file descriptors."""
        for child in self._children:
            if not child.pid and any(one.fileno() in fds for one in child.listening):
                child.fork()

    def ended(self, pid: int) -> str | None:
        """Restart the child with this `pid` and return its title; None for any other process."""
        for child in self._children:
            if child.pid == pid:
                if time.monotonic() - child.started < BRIEF_SECONDS:
                    time.sleep(PAUSE_SECONDS)  # a child that fails on start must not occupy a core
                child.fork()
                return child.title
        return None

    def most_restarts(self) -> int:
        return max(child.restarts for child in self._children)

    def tick(self, now: float) -> None:
        """Check each child, kill hung ones, log state changes, and request the next heartbeats."""
        running = [child for child in self._children if child.pid]
        for child in running:
            for line in _judged(child, now):
                say(line)
        # After all have been judged: each child reports on the others, and must not pass on what is a second old.
        reports = {(child.network, child.name): child.report() for child in self._children}
        for child in running:
            child.ask({name: report for (network, name), report in reports.items() if network == child.network})


def reap(children: Children) -> list[tuple[int, int]]:
    """Reap all exited processes, restart our children, and return the others with their wait status."""
    ended = []
    with suppress(ChildProcessError):
        while (row := os.waitpid(-1, os.WNOHANG))[0]:
            # PID 1 also inherits the application's orphans; unless reaped they would stay as zombies.
            name = children.ended(row[0])
            if name is None:
                ended.append(row)
            else:
                say(f"the {name} exited ({_described(row[1])}); restarted")
    return ended


def in_child(body: Callable[[], Any]) -> NoReturn:
    """Run `body` and exit; never return into PID 1's code."""
    try:
        # PID 1 keeps NET_ADMIN for life, and a fork inherits it. A child must give it up before it runs any code that
        # handles traffic, requests or the application.
        syscalls.drop_capabilities(FORBIDDEN)
        sys.meta_path[:] = _FINDERS
        gc.enable()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
        body()
    except BaseException as error:
        say(f"{type(error).__name__}: {error}")
        if os.environ.get("SYNTHLAB_DEBUG"):
            import traceback

            traceback.print_exc()
    finally:
        os._exit(1)


def seal() -> None:
    """Block further imports in PID 1, because the application may alter files in the container."""
    sys.meta_path.clear()


def say(line: str) -> None:
    """Write one line to the container's log."""
    print(f"synthlab: {line}", file=sys.stderr, flush=True)


def _judged(child: Child, now: float) -> Iterator[str]:
    """Check one child and kill it if it hangs; yields a log line for each change of state."""
    before = child.state
    state = child.look(now)
    if state == "hangs":
        yield f"the {child.title} hangs: no heartbeat; killed"
        # A stopped or stuck process would not handle any other signal.
        os.kill(child.pid, signal.SIGKILL)
    elif state != before:
        starved = f"the {child.title} is starved: the machine gives it no CPU time; packets may be late or lost"
        yield starved if state == "starved" else f"the {child.title} responds again"


def _described(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"status {code}" if code >= 0 else signal.Signals(-code).name
