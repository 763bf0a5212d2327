"""The processes of ours that PID 1 keeps alive: each is forked anew whenever it ends, and killed when it hangs."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from .. import syscalls as libc
from ..heartbeat import Pulse
from .application import FORBIDDEN
from .watch import Sign, State, Watch

BRIEF_SECONDS, PAUSE_SECONDS = 1.0, 0.3
REST_TICKS = 8
START_SECONDS = 20.0
"""So long one that was started may be silent: it may have long files to read."""

STOPPED = "Tt"
_FINDERS = list(sys.meta_path)
_TICKS = os.sysconf("SC_CLK_TCK")

Body = Callable[[int], None]
"""What a child does for ever, given how often it has been restarted."""


@dataclass
class Child:
    """One process, and those that came before it under this name."""

    name: str
    body: Body
    pulse: Pulse
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

    def fork(self) -> None:
        """Start it, for the first time or again."""
        self.restarts += 1
        self.started = time.monotonic()
        self.watch, self.state = Watch(self.started), "well"
        self.asked, self.rested, self.cpu_s = False, 0, 0.0
        self.pulse.answered()  # what the one before it has answered
        self.alive = False
        self.pid = os.fork()
        if not self.pid:
            in_child(lambda: self.body(self.restarts))
        if self.stat is not None:
            os.close(self.stat)
        self.stat = os.open(f"/proc/{self.pid}/stat", os.O_RDONLY)

    def report(self) -> dict[str, Any]:
        """What has been seen of it and those before it."""
        return {"state": self.state, "hangs": self.hangs, "starved_s": round(self.starved_s, 3)}

    def look(self, now: float) -> State:
        """Judge it by what is seen of it, and count."""
        before, seen = self.watch.starved_s, self._seen()
        self.state = self.watch.judge(seen, now)
        self.starved_s += self.watch.starved_s - before
        self.hangs += self.state == "hangs"
        self.rested = self.rested + 1 if seen.state == "S" and seen.cpu_s == self.cpu_s else 0
        self.cpu_s = seen.cpu_s
        return self.state

    def ask(self, news: Mapping[str, Any]) -> None:
        """Ask for a sign of life, and pass news on; one that sleeps all the time is not woken up each second."""
        if not self.asked and (news != self.pulse.news or self.rested % REST_TICKS == 0):
            self.asked = True
            self.pulse.ask(news)

    def _seen(self) -> Sign:
        """One that has just ended, and is not yet restarted, is as good as one that answers."""
        if self.pulse.answered():
            self.asked, self.alive = False, True
        starting = not self.alive and time.monotonic() - self.started < START_SECONDS
        assert self.stat is not None
        try:
            words = os.pread(self.stat, 4096, 0).rpartition(b")")[2].decode().split()
        except ProcessLookupError:
            return Sign(True, "X", 0.0)
        well = words[0] == "Z" or (words[0] not in STOPPED and (starting or not self.asked))
        return Sign(well, words[0], (int(words[11]) + int(words[12])) / _TICKS)


class Children:
    """All of them, by name."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(self, name: str, body: Body, pulse: Pulse) -> None:
        """Run `body(restarts)` in a process of its own, which answers to its pulse."""
        child = Child(name, body, pulse)
        self._children.append(child)
        child.fork()

    def ended(self, pid: int) -> str | None:
        """Restart the child that `pid` was, and name it; None for any other process."""
        for child in self._children:
            if child.pid == pid:
                if time.monotonic() - child.started < BRIEF_SECONDS:
                    time.sleep(PAUSE_SECONDS)  # one that fails at once must not take a whole core
                child.fork()
                return child.name
        return None

    def most_restarts(self) -> int:
        return max(child.restarts for child in self._children)

    def tick(self, now: float) -> None:
        """Look at each; kill what hangs, say what is starved, and ask all for the next sign of life."""
        for child in self._children:
            for line in _judged(child, now):
                say(line)
        news = {child.name: child.report() for child in self._children}
        for child in self._children:
            child.ask(news)


def reap(children: Children) -> list[tuple[int, int]]:
    """Collect all that have ended, restart ours, and return the others with their status."""
    ended = []
    with suppress(ChildProcessError):
        while (row := os.waitpid(-1, os.WNOHANG))[0]:
            name = children.ended(row[0])
            if name is None:
                ended.append(row)
            else:
                say(f"the {name} ended ({_described(row[1])}); restarted")
    return ended


def in_child(body: Callable[[], Any]) -> NoReturn:
    """Run `body` as a whole process: no way back into PID 1's code."""
    try:
        libc.drop_capabilities(FORBIDDEN)  # PID 1's own are its alone
        sys.meta_path[:] = _FINDERS
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
    """Let PID 1 import nothing from now on: the container's files may be altered by its application."""
    sys.meta_path.clear()


def say(line: str) -> None:
    """One line in the container's log."""
    print(f"synthlab: {line}", file=sys.stderr, flush=True)


def _judged(child: Child, now: float) -> Iterator[str]:
    """Act on how a child is; what there is to say of it: a change, once."""
    before = child.state
    state = child.look(now)
    if state == "hangs":
        yield f"the {child.name} hangs: it gives no sign of life; killed"
        os.kill(child.pid, signal.SIGKILL)
    elif state != before:
        starved = (
            f"the {child.name} is starved: the machine gives it no processor time, and it forwards late or not at all"
        )
        yield starved if state == "starved" else f"the {child.name} answers again"


def _described(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"status {code}" if code >= 0 else signal.Signals(-code).name
