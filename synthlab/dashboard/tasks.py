"""Labs brought up and taken down in the background: each is a task with progress, which can be cancelled."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ..control.backend import Backend
from ..deploy.claim import take_down
from ..deploy.launch import volumes_of
from ..errors import SynthlabError
from ..interrupts import Stop
from ..lab.bring_up import bring_up
from ..stack import Stack
from .failures import InTheWay, NotThere

MOST_KEPT = 100
MOST_LINES = 500
START_S = 120.0
CANCELLED = "cancelled"

TaskKind = Literal["up", "down"]


@dataclass(slots=True)
class LabTask:
    """One task. `status` is the exit status that the command would have; `details` are lines below its error."""

    kind: TaskKind
    lab: str
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    state: Literal["running", "done", "failed"] = "running"
    error: str | None = None
    details: tuple[str, ...] = ()
    status: int | None = None
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    stop: Stop = field(default_factory=Stop)
    thread: threading.Thread | None = None

    def to_dict(self) -> dict[str, Any]:
        ended: dict[str, Any] = {} if self.status is None else {"status": self.status}
        if self.error is not None:
            ended |= {"error": self.error, "details": list(self.details)}
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "lab": self.lab,
            "lines": list(self.lines),
            **ended,
        }

    def progress(self, line: str) -> None:
        """Note one line; a repeated one only once."""
        if not self.lines or self.lines[-1] != line:
            self.lines.append(line)


class LabTasks:
    """The tasks of one server, and the labs that it has brought up."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._tasks: dict[str, LabTask] = {}
        self._made: dict[str, str] = {}
        """The labs to take down at the end, each with the id of the `up` that created it."""
        self._volumes: dict[str, tuple[Stack, set[str]]] = {}
        """The labs whose volumes go with them, each with those that were there before it."""
        self._lock = threading.Lock()

    def up(self, stack: Stack, ttl_s: float | None, replacing: bool, keep: bool, discard: bool = False) -> LabTask:
        """Bring a stack up, as `synthlab up` does; without `keep` the lab ends with the server. Raises InTheWay.

        With `discard` the volumes that it makes are removed when it is taken down here.
        """

        def work(task: LabTask) -> None:
            self._backend.remove_expired()
            before = volumes_of(stack, self._backend.engine)
            made = bring_up(stack, self._backend, task.progress, START_S, ttl_s, replacing=replacing)
            if task.stop.requested:  # too late to end it, but nobody wants the lab any more
                self._backend.engine.remove_lab(made.name, made.made_by or "")
                raise SynthlabError(CANCELLED)
            with self._lock:
                if not keep:
                    self._made[made.name] = made.made_by or ""
                self._volumes.pop(made.name, None)
                if discard:
                    self._volumes[made.name] = stack, before

        return self._start(LabTask("up", stack.name), work)

    def down(self, lab: str, volumes: bool = False) -> LabTask:
        """Take a lab down, and end an `up` of it that is still working, here or elsewhere. Raises InTheWay.

        The named volumes of its Compose project remain, unless `volumes`.
        """

        def work(task: LabTask) -> None:
            task.progress(f"removing {lab}")
            count = take_down(lab, self._backend.engine, volumes=volumes)
            self._discard_volumes(lab)
            task.progress(f"{count} containers removed")

        return self._start(LabTask("down", lab), work)

    def get(self, id: str) -> LabTask:
        """Raises NotThere."""
        try:
            return self._tasks[id]
        except KeyError:
            raise NotThere(f"no task '{id}'; the last {MOST_KEPT} are kept") from None

    def cancel(self, id: str) -> LabTask:
        """Cancel an `up`: it removes what it has made. A `down` goes on, as half a lab is of no use."""
        task = self.get(id)
        if task.kind == "up" and task.state == "running":
            task.progress("cancelling")
            task.stop.request()
        return task

    def starting(self) -> list[str]:
        """The labs that are being brought up here."""
        return [task.lab for task in list(self._tasks.values()) if task.kind == "up" and task.state == "running"]

    def close(self) -> None:
        """Cancel every `up` and wait for all tasks; then take down the labs that were brought up here and not kept."""
        for id in list(self._tasks):
            self.cancel(id)
        for task in list(self._tasks.values()):
            if task.thread:
                task.thread.join()
        for lab, made_by in self._made.items():
            self._backend.engine.remove_lab(lab, made_by)
            self._discard_volumes(lab)
        self._made.clear()

    def _discard_volumes(self, lab: str) -> None:
        """Remove the volumes that the lab made, if it is one whose volumes go with it; those in use stay."""
        with self._lock:
            stack, before = self._volumes.pop(lab, (None, set[str]()))
        if stack:
            engine = self._backend.engine
            engine.remove_volumes(volumes_of(stack, engine) - before)

    def _start(self, task: LabTask, work: Callable[[LabTask], None]) -> LabTask:
        with self._lock:
            same = [one for one in self._tasks.values() if one.state == "running" and one.lab == task.lab]
            if any(one.kind == task.kind for one in same):
                raise InTheWay(f"the lab '{task.lab}' is already being {_DOING[task.kind]} by task {same[0].id}")
            ended = [id for id, one in self._tasks.items() if one.state != "running"]
            for id in ended[: max(len(self._tasks) - MOST_KEPT + 1, 0)]:
                del self._tasks[id]
            self._tasks[task.id] = task
        task.thread = threading.Thread(target=_run, args=(task, work), name=f"task-{task.id}")
        task.thread.start()
        return task


_DOING = {"up": "brought up", "down": "taken down"}


def _run(task: LabTask, work: Callable[[LabTask], None]) -> None:
    try:
        with task.stop.applies():
            work(task)
        task.status, task.state = 0, "done"
    except SynthlabError as error:
        task.error = CANCELLED if task.stop.requested else error.message
        task.details = () if task.stop.requested else error.details
        task.status, task.state = error.exit_code, "failed"
    except Exception as error:
        task.error = f"a fault of synthlab: {type(error).__name__}: {error}"
        task.status, task.state = SynthlabError.exit_code, "failed"
        raise
