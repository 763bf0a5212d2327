"""Plays short scenarios on a lab without containers, with the real rules and a fake clock."""

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
    """A watcher that records calls, and runs `at_step` when the step with that number starts."""

    steps: list[Played] = field(default_factory=list)
    ended_steps: list[Played] = field(default_factory=list)
    rulings: list[Judged] = field(default_factory=list)
    at_step: dict[int, Callable[[], None]] = field(default_factory=dict)

    def step(self, step: Played) -> None:
        self.steps.append(step)
        self.at_step.get(len(self.steps), lambda: None)()

    def ended(self, step: Played) -> None:
        self.ended_steps.append(step)

    def judging(self, now_s: float, text: str, seen: str) -> None:
        """Undecided expectations are not recorded."""

    def judged(self, judged: Judged) -> None:
        self.rulings.append(judged)


@dataclass
class Playing:
    """One player on a fake lab and its observable effects; evidence is client2's egress at that time."""

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
    """A player of these steps; client1 receives client2's video at `fps`."""
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
