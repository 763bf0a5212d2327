"""Plays short scenarios on a lab without containers, with real rules and by a clock that waits for nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synthlab.runner import Player
from synthlab.runner.live_lab import LiveLab
from synthlab.scenario.record import Judged, Played
from synthlab.testing import FakeClientApi, FakeClock, fake_backend

from ..scenario.files import checked

FPS = "client1.video.client2.fps"


@dataclass
class Seen:
    """A watcher that remembers, and does something `at_step` when the step with that number is told."""

    steps: list[Played] = field(default_factory=list)
    rulings: list[Judged] = field(default_factory=list)
    at_step: dict[int, Callable[[], None]] = field(default_factory=dict)

    def step(self, step: Played) -> None:
        self.steps.append(step)
        self.at_step.get(len(self.steps), lambda: None)()

    def judging(self, now_s: float, text: str, seen: str) -> None:
        """Nothing is remembered of what is not decided."""

    def judged(self, judged: Judged) -> None:
        self.rulings.append(judged)


@dataclass
class Playing:
    """One player on a fake lab, and what is to be seen of it; evidence collected is client2's egress at that time."""

    player: Player
    apis: dict[str, FakeClientApi]
    seen: Seen
    engine: Any
    marks: list[str]
    collected: list[dict[str, Any]]
    clock: FakeClock

    def play(self) -> Player:
        self.clock.run(self.player.play())
        return self.player


def playing(folder: Path, steps: str, keep_going: bool = False, fps: float | None = 15.0) -> Playing:
    """A player of these steps; client1 sees client2 with so many frames a second."""
    clock = FakeClock()
    backend, by_id = fake_backend("call", groups={"bot-1": "bot", "bot-2": "bot"}, clock=clock)
    apis = {api.name: api for api in by_id.values()}
    if fps is not None:
        apis["client1"].answered_stats = {"values": {"video": {"client2": {"fps": fps}}}, "age_s": {"video": 0.1}}
    seen, marks = Seen(), list[str]()
    collected: list[dict[str, Any]] = []
    player = Player(
        checked(folder, steps),
        LiveLab(backend, "call"),
        seen,
        marks.append,
        lambda: collected.append(apis["client2"].conditions.egress.to_dict()),
        keep_going,
        clock,
    )
    return Playing(player, apis, seen, backend.engine, marks, collected, clock)
