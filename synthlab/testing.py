"""A lab without Docker, for tests of synthlab and of what is built on it: real rules, no containers."""

from __future__ import annotations

import asyncio
import json
import re
import selectors
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple, Unpack

from syntheticnet.conditions import DIRECTIONS, Conditions, ConditionsError

from .assets import own_version
from .contract import API_PORT, COMPANION_API_PORT, ContainerAction
from .control.backend import Backend
from .control.client_api import AT_ONCE, ChangeOptions, Observed
from .control.clock_sync import ClockSample
from .control.state import ClientState
from .control.webrtc_stats import Stats
from .engine import labels
from .engine.api import OnLine, Process, Tool, User
from .engine.clock import MACHINE, Clock
from .engine.containers import Container, LogQuery, read_container
from .engine.exec import PYTHON, unread
from .engine.images import ImageBuild, LocalImage
from .engine.listing import Member
from .engine.process import Finished
from .errors import SynthlabError, WrongUse
from .text.durations import SECOND_NS, ns_of

_NO_PROGRAMS = "no program runs in the containers of a fake engine"
_IDLE: Mapping[str, Any] = {"packets_in": 0, "bytes_in": 0, "packets_out": 0, "bytes_out": 0, "dropped": {}}


class FakeClientApi:
    """A ClientApi in memory. `broken` makes it fail where a container that is gone would: on every change.

    Its time stands still: a lease lasts until it is released, and only what is asked for after a while waits.
    """

    def __init__(self, name: str, startup: Mapping[str, Any] | None = None, clock: Clock = MACHINE) -> None:
        self.name = name
        self._clock = clock
        self.startup = Conditions.from_dict(startup or {})
        self.base = self.startup
        self.entries: list[dict[str, Any]] = []
        self.asked = 0
        self.files: dict[str, str] = {}
        self.renewed: list[tuple[int, int]] = []
        self.options: list[ChangeOptions] = []
        self.requests: list[Mapping[str, Any]] = []
        self.answered_stats: dict[str, Any] = {"values": {}, "age_s": {}}
        self.written: list[dict[str, Any]] = []
        self.problem: str | None = None
        self.broken = False
        self.version = own_version()

    def answer(self) -> dict[str, Any]:
        """The answer of GET /v1/state."""
        flows = ["default", *(flow.name for flow in self.conditions.flows)]
        return {
            "version": self.version,
            "name": self.name,
            "lab": "fake",
            "conditions": self.conditions.to_dict(),
            "base": self.base.to_dict(),
            "leases": [entry for entry in self.entries if "in_ns" not in entry],
            "scheduled": [entry for entry in self.entries if "in_ns" in entry],
            "failed": {"count": 0, "last": []},
            "monotonic_ns": self._clock.now_ns(),
            "startup": self.startup.to_dict(),
            "seed": self.conditions.seed or 0,
            "problem": self.problem,
            "forwarder": {"restarts": 0, "up_s": 1.0},
            "links": _idle_links(),
            "flows": {name: _idle_links() for name in flows},
        }

    def state(self) -> ClientState:
        return ClientState.from_dict(self.answer())

    @property
    def conditions(self) -> Conditions:
        """Those in force."""
        effective = self.base
        for entry in self.entries:
            if "in_ns" not in entry:
                effective = effective.changed(entry["change"])
        return effective

    def clock(self) -> ClockSample:
        return ClockSample(*[self._clock.now_ns()] * 4)

    def observe(self) -> Observed:
        return Observed(self.state(), self.clock())

    def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        self._refuse_broken(options)
        self.requests.append(change)
        changed = self._changed(self.base if options.lease_ns is None else self.conditions, change)
        if options.lease_ns or options.after_ns:
            times = {"in_ns": options.after_ns, "left_ns": options.lease_ns}
            given = {name: time_ns for name, time_ns in times.items() if time_ns}
            self.entries.append({"id": self.asked, "change": change, "at_ns": options.at_ns or 0, **given})
        else:
            self.base = changed
        return self._answer(options, change)

    def check(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> Observed:
        self._changed(self.conditions, change)
        return self.observe()

    def replace(self, conditions: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        self._refuse_broken(options)
        self.base = Conditions.from_dict(conditions)
        if not options.keep:
            self.entries.clear()
        return self._answer(options, conditions)

    def reset(self, options: ChangeOptions = AT_ONCE) -> ClientState:
        return self.replace(self.startup.to_dict(), options)

    def release(self, id: int) -> ClientState:
        self.entries = [entry for entry in self.entries if entry["id"] != id]
        return self.state()

    def renew(self, id: int, lease_ns: int) -> None:
        if id not in [entry["id"] for entry in self.entries]:
            raise WrongUse(f"{self.name}: no lease or scheduled change {id}")
        self.renewed.append((id, lease_ns))

    def put_file(self, name: str, text: str) -> None:
        self.files[name] = text

    def stats(self) -> Stats:
        return Stats.from_dict(self.answered_stats)

    def console(self, after: int = 0) -> dict[str, Any]:
        return {"entries": self.written[after:], "count": len(self.written)}

    def _changed(self, present: Conditions, change: Mapping[str, Any]) -> Conditions:
        try:
            changed = present.changed(change)
        except ConditionsError as error:
            raise WrongUse(f"{self.name}: {error}") from None
        for direction in DIRECTIONS:
            for item, value in getattr(changed, direction).named():
                if item.metadata["unit"].name == "file" and value not in self.files:
                    raise WrongUse(f"{self.name}: {direction}.{item.metadata['name']}: {value}: no such file")
        return changed

    def _refuse_broken(self, options: ChangeOptions) -> None:
        if self.broken:
            raise SynthlabError(f"{self.name}: its API does not answer")
        self.asked += 1
        self.options.append(options)

    def _answer(self, options: ChangeOptions, change: Mapping[str, Any]) -> ClientState:
        answer = self.answer()
        if options != AT_ONCE:
            entries = [entry for entry in self.entries if entry["id"] == self.asked]
            answer["entry"] = {"id": self.asked, "change": change, **(entries[0] if entries else {})}
        return ClientState.from_dict(answer)


class FakeEngine:
    """An EngineApi in memory that starts nothing: it has the given containers, and images by tag.

    Without `images` it has whatever image is asked for, each older than what it is built from. A port in `taken` is
    not free. `calls` are the changes of images and labs that it was asked for, in order; `composed` the Compose files
    that it has brought up. A test that needs a lab to fail overrides `made_of`, or any other method.
    """

    def __init__(self, containers: Iterable[Container] = (), images: Mapping[str, LocalImage] | None = None) -> None:
        self.present = list(containers)
        self.images = dict(images or {})
        self.taken: set[int] = set()
        self.calls: list[str] = []
        self.composed: list[str] = []
        self.controlled: list[tuple[ContainerAction, str]] = []
        self.tagged: list[tuple[str, str]] = []
        self.locked: set[str] = set()
        self._has_all = images is None

    def version(self) -> str:
        return "20.10"

    def facts(self) -> dict[str, str]:
        return {"engine": "20.10"}

    def address(self) -> str:
        return "unix:///var/run/docker.sock"

    def folder(self) -> str:
        return "/"

    def is_free(self, port: int) -> bool:
        return port not in self.taken

    def has_command(self) -> bool:
        return True

    def tool_version(self, tool: Tool) -> str | None:
        return {"engine": "20.10", "compose": "2.40.3", "buildx": "0.30.1"}[tool]

    def labs(self) -> list[str]:
        return sorted({container.lab for container in self.present})

    def containers(self, lab: str | None = None) -> list[Container]:
        return [container for container in self.present if lab in (None, container.lab)]

    def members(self) -> list[Member]:
        return [Member(one.lab, one.client, one.group, one.role, one.ports.get(API_PORT)) for one in self.present]

    def logs(self, container: Container, lines: int = 20) -> list[str]:
        return [f"last line of {container.name}"][:lines]

    def last_probe(self, container: Container) -> list[str]:
        return [f"health check of {container.name}"]

    def read_log(self, container: Container, query: LogQuery) -> Iterator[tuple[str, str]]:
        lines = [(f"2026-01-01T00:00:0{number}Z", f"line {number} of {container.title}") for number in range(1, 4)]
        yield from lines[len(lines) - min(query.tail or len(lines), len(lines)) :]

    def environment(self, container: Container) -> dict[str, str]:
        return {"SYNTHLAB_URL": f"http://sfu:8080/?name={container.client}"}

    def control(self, container: Container, action: ContainerAction) -> None:
        self.controlled.append((action, container.title))

    def control_command(self) -> list[str]:
        return ["true"]

    def compose_up(self, project: str, rendered: str, progress: OnLine) -> None:
        self.calls.append(f"up {project}")
        self.composed.append(rendered)
        self.present = [*self.present, *self.made_of(rendered)]
        for container in self.present:
            progress(f"Container {container.name}  Started")

    def made_of(self, rendered: str) -> list[Container]:
        """The containers that Compose makes of a file: all healthy."""
        return list(_made_of(rendered))

    def compose_config(self, file: Path, environment: Mapping[str, str]) -> Mapping[str, Any]:
        raise WrongUse(f"{file}: a fake engine reads no Compose file")

    def image(self, tag: str) -> LocalImage | None:
        return self.images.get(tag) or (LocalImage(f"id of {tag}", "0") if self._has_all else None)

    def discard_image(self, image: LocalImage) -> None:
        pass

    def tag_image(self, tag: str, other: str) -> None:
        self.tagged.append((tag, other))

    def untag_image(self, tag: str) -> None:
        self.calls.append(f"untag {tag}")

    def own_tags(self) -> list[str]:
        return ["syntheticnet:latest"]

    def remove_images(self) -> list[str]:
        return ["syntheticnet:latest"]

    def build_image(self, build: ImageBuild, on_line: OnLine) -> Finished:
        self.calls.append(f"build {build.tag}")
        made_of, version = build.labels[labels.CONTENT], build.labels[labels.VERSION]
        self.images[build.tag] = LocalImage(f"id of {build.tag}", made_of, version)
        return Finished(0, ())

    def pull_image(self, tag: str, timeout_s: float | None = None) -> Finished:
        self.calls.append(f"pull {tag}")
        self.images[tag] = LocalImage(f"id of {tag}", "0")
        return Finished(0, ())

    def push_image(self, tag: str) -> Finished:
        self.calls.append(f"push {tag}")
        return Finished(0, ())

    def import_image(self, archive: Path, tag: str) -> Finished:
        self.calls.append(f"import {tag}")
        return Finished(0, ())

    def save_images(self, tags: Sequence[str], file: Path) -> Finished:
        """The file has the tags, a line each."""
        self.calls.append(f"save {' '.join(tags)}")
        file.write_text("".join(f"{tag}\n" for tag in tags), encoding="utf-8")
        return Finished(0, ())

    def load_images(self, file: Path, on_line: OnLine) -> Finished:
        self.calls.append("load")
        for tag in file.read_text(encoding="utf-8").split():
            on_line(f"Loaded image: {tag}")
        return Finished(0, ())

    def exec_command(self, container: Container, command: Sequence[str], terminal: bool = False) -> list[str]:
        """One that writes what would be run."""
        return ["echo", container.title, *command]

    def root_command(self, container: str, command: Sequence[str]) -> list[str]:
        return ["echo", container, *command]

    def run_inside(
        self, container: str, command: Sequence[str], *, timeout_s: float, text: str = "", on_line: OnLine = unread
    ) -> Finished:
        return Finished(1, (_NO_PROGRAMS,))

    def run_beside(
        self, container: str, command: Sequence[str], *, timeout_s: float, on_line: OnLine = unread
    ) -> Finished:
        return Finished(1, (_NO_PROGRAMS,))

    def start_program(
        self,
        container: str,
        program: str,
        arguments: Sequence[object] = (),
        *,
        user: User = "application",
        python: str = PYTHON,
    ) -> Process:
        raise SynthlabError(_NO_PROGRAMS)

    def start_sidecar(
        self, container: Container, program: str, arguments: Sequence[object] = (), *, net_admin: bool = False
    ) -> Process:
        raise SynthlabError(_NO_PROGRAMS)

    def remove_lab(self, lab: str, made_by: str = "") -> int:
        self.calls.append(f"remove {lab}")
        removed = [one for one in self.containers(lab) if made_by in ("", one.made_by)]
        self.present = [container for container in self.present if container not in removed]
        return len(removed)

    def lock(self, lab: str, image: str) -> FakeLock | None:
        return None if lab in self.locked else FakeLock(self.locked, lab)

    def locks(self) -> dict[str, str]:
        return dict.fromkeys(self.locked, "running")

    def unlock(self, lab: str) -> bool:
        held = lab in self.locked
        self.locked.discard(lab)
        return held


class FakeLock:
    """One that a FakeEngine gives: held as long as its lab is among the `locked`."""

    def __init__(self, locked: set[str], lab: str) -> None:
        self._locked, self._lab = locked, lab
        locked.add(lab)

    def lost(self) -> bool:
        return self._lab not in self._locked

    def release(self) -> None:
        self._locked.discard(self._lab)


_SERVICE = re.compile(r'^  (".*"): ?({.*})?\n((?: {4}.*\n)*)', re.MULTILINE)
_LABEL = re.compile(r'^      ("synthlab\..*?"): (".*")$', re.MULTILINE)
_PUBLISHED = re.compile(r"target: (\d+)(?:, published: \"(\d+)\")?")
_DRAWN = 32768


def _made_of(rendered: str) -> Iterator[Container]:
    """A healthy container for each service of a Compose file that synthlab has rendered."""
    drawn = count(_DRAWN)
    project = json.loads(re.findall(r"^name: (.*)$", rendered, re.MULTILINE)[0])
    for name, whole, body in _SERVICE.findall(rendered.partition("\nservices:\n")[2]):
        marks = json.loads(whole)["labels"] if whole else _labels(body)
        ports = [(int(inner), int(outer or next(drawn))) for inner, outer in _PUBLISHED.findall(body)]
        title = f"{project}-{json.loads(name)}-1"
        yield read_container(
            {
                "Id": title,
                "Names": [f"/{title}"],
                "Labels": marks,
                "State": "running",
                "Status": "Up 2 seconds (healthy)",
                "Ports": [{"PrivatePort": inner, "PublicPort": outer} for inner, outer in ports],
            }
        )


def _labels(body: str) -> dict[str, str]:
    return {json.loads(name): json.loads(value) for name, value in _LABEL.findall(body)}


def fake_container(lab: str, client: str, group: str = "", index: int = 1) -> Container:
    """A healthy client of a lab, its API on port 3000 and on."""
    return Container(
        id=f"{lab}/{client}",
        name=f"synthlab-{lab}-{client}-1",
        lab=lab,
        role="client",
        client=client,
        group=group or client,
        app="bot",
        stack=f"{lab}.yaml",
        index=index,
        state="running",
        status="Up 2 seconds (healthy)",
        health="healthy",
        ports={API_PORT: 2999 + index},
    )


def fake_companion(lab: str, server: str) -> Container:
    """The container that holds the network of a conditioned server, healthy."""
    return replace(
        fake_container(lab, f"{server}-network"),
        role="network",
        group="",
        app="syntheticnet",
        index=0,
        ports={COMPANION_API_PORT: 2900},
        network_of=server,
    )


def fake_backend(
    *labs: str, groups: Mapping[str, str] | None = None, clock: Clock = MACHINE
) -> tuple[Backend, dict[str, FakeClientApi]]:
    """A backend with labs, each of client1 and client2, and their APIs by container id (`call/client1`)."""
    clients = [("client1", "client1"), ("client2", "client2"), *((groups or {}).items())]
    containers = [
        replace(fake_container(lab, name, group), index=index, ports={API_PORT: 2999 + index})
        for lab in labs
        for index, (name, group) in enumerate(clients, 1)
    ]
    apis = {container.id: FakeClientApi(container.client, clock=clock) for container in containers}
    return Backend(FakeEngine(containers), lambda container: apis[container.id], clock=clock), apis


def _idle_links() -> dict[str, Any]:
    return {direction: {**_IDLE, "achieved": {}} for direction in ("ingress", "egress")}


T = TypeVar("T")
Ts = TypeVarTuple("Ts")
LOOK_S = 0.001


@dataclass(slots=True, eq=False)
class _Wait:
    """A thread that waits by a FakeClock."""

    until_ns: int
    condition: threading.Condition
    holds: Callable[[], bool]
    over: bool = False


class FakeClock(Clock):
    """Stands still while anything is done. When all wait, it moves to the time of the first of them.

    `run` is for what waits in tasks and threads; `sleep` moves it at once, for what waits in one thread. Programs and
    connections that the event loop waits for are not of this clock: it stands still meanwhile.
    """

    def __init__(self, epoch_s: float = 1_000_000.0) -> None:
        self._now_ns = SECOND_NS
        self._epoch_s = epoch_s
        self._stats = count()
        self._pauses: list[tuple[int, int, asyncio.Future[None]]] = []
        self._waits: list[_Wait] = []
        self._threads: list[threading.Thread] = []
        self._jobs = 0

    def now_ns(self) -> int:
        return self._now_ns

    def epoch_s(self) -> float:
        return self._epoch_s + self.now_s() - 1.0

    def sleep(self, seconds: float) -> None:
        self._now_ns += ns_of(seconds)

    async def pause(self, seconds: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        heappush(self._pauses, (self._after_ns(seconds), next(self._stats), turn))
        await turn

    def wait_for(self, condition: threading.Condition, holds: Callable[[], bool], timeout_s: float) -> bool:
        wait = _Wait(self._after_ns(timeout_s), condition, holds)
        self._waits.append(wait)
        condition.wait_for(lambda: wait.over or holds())
        self._waits.remove(wait)
        return holds()

    def start(self, thread: threading.Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """As asyncio.run, by this clock."""
        with asyncio.Runner(loop_factory=lambda: _Loop(self)) as runner:
            return runner.run(work)

    def job(self, future: asyncio.Future[Any]) -> None:
        """Stand still until this is done, but for while its thread waits by this clock."""
        self._jobs += 1
        future.add_done_callback(lambda _: self._job_done())

    def move(self) -> bool:
        """Move to the time of the first that waits; False where somebody is still at work, or nobody waits."""
        waits = list(self._waits)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if any(wait.over or wait.holds() for wait in waits) or len(waits) < len(self._threads) + self._jobs:
            return False
        times = [wait.until_ns for wait in waits] + [until_ns for until_ns, _, _ in self._pauses[:1]]
        if not times:
            return False
        self._now_ns = max(self._now_ns, min(times))
        self._wake(waits)
        return True

    def _wake(self, waits: list[_Wait]) -> None:
        while self._pauses and self._pauses[0][0] <= self._now_ns:
            _, _, turn = heappop(self._pauses)
            if not turn.done():
                turn.set_result(None)
        for wait in waits:
            if wait.until_ns <= self._now_ns:
                with wait.condition:
                    wait.over = True
                    wait.condition.notify_all()

    def _after_ns(self, seconds: float) -> int:
        return self._now_ns + ns_of(max(seconds, 0.0))

    def _job_done(self) -> None:
        self._jobs -= 1


class _Loop(asyncio.SelectorEventLoop):
    """Moves a FakeClock where it would wait for nothing but time."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(_Selector(clock))
        self._clock = clock

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._clock.job(future)
        return future


class _Selector(selectors.SelectSelector):
    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            only_own = len(self.get_map()) <= 1  # the loop's own pipe
            timeout = 0.0 if only_own and self._clock.move() else min(LOOK_S, timeout or LOOK_S)
        return super().select(timeout)
