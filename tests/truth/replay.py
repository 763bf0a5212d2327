"""Plays recorded runs again: the numbers that a client published then, judged at other limits and times.

From the answer of a client's API on it is the code of a real run: sampler, expectations, verdict.
"""

from __future__ import annotations

import gzip
import json
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from synthlab.control.webrtc_stats import Stats
from synthlab.runner import Player
from synthlab.runner.live_lab import LiveLab
from synthlab.runner.validity import problems
from synthlab.runner.verdict import verdict_of
from synthlab.runner.watcher import Watcher
from synthlab.testing import FakeClientApi, FakeClock, fake_backend
from synthlab.text.durations import seconds_of

from ..runner.played import Seen
from ..scenario.files import checked
from .page_log import RATE_S, PageLog
from .played_run import BASELINE_S, FPS, SENDER, VIEWER, Asked, PlayedRun

STACK = "sfu: {app: janus}\nclients: {client1: {app: chrome}, client2: {app: chrome}}\n"
EPOCH_S = 1_000_000.0
PUBLISHED_S = 0.25
UNDERWAY_S = (0.005, 0.06)
"""How long a publication takes to arrive."""
SPARE_S = 1.0
"""A replay is decided so long before the recording ends."""
MOST_LATER_S = 0.25
"""A replay asks at most so long after the recorded run did."""


@dataclass(frozen=True)
class Recording:
    """The frame rates that a client published in a real run (None: no picture), and the frames that its page got.

    All times are seconds of that run; its expectations began at `asked_s` and were decided by `ended_s`.
    """

    kind: str
    times_s: Sequence[float]
    rates: Sequence[float | None]
    frames_s: Sequence[float]
    until_s: float
    asked_s: float
    ended_s: float

    @property
    def log(self) -> PageLog:
        return PageLog(self.frames_s, self.until_s)

    def answer(self, at_s: float, underway_s: float) -> dict[str, Any]:
        """What the client's API answers at a time."""
        newest = bisect_right(self.times_s, at_s - underway_s) - 1
        if newest < 0:
            return {"values": {}, "age_s": {}}
        rate, age_s = self.rates[newest], at_s - self.times_s[newest]
        # An absence is recorded once, and what nobody judges once a second; both were published again and again.
        if rate is None or at_s < self.asked_s + RATE_S:
            age_s %= PUBLISHED_S
        return {"values": {"video": {} if rate is None else {SENDER: {"fps": rate}}}, "age_s": {"video": age_s}}


def save(file: Path, recordings: Sequence[Recording]) -> None:
    content = json.dumps([asdict(one) for one in recordings], separators=(",", ":")).encode()
    file.write_bytes(gzip.compress(content, mtime=0))


def load(file: Path) -> list[Recording]:
    return [Recording(**values) for values in json.loads(gzip.decompress(file.read_bytes()))]


class RecordedApi(FakeClientApi):
    """A client that publishes the numbers of a recording, from `start_s` on."""

    def __init__(self, name: str, clock: FakeClock, recording: Recording, start_s: float, draw: random.Random) -> None:
        super().__init__(name, clock=clock)
        self._recording = recording
        self._started_s = clock.now_s() - start_s
        self._draw = draw

    def stats(self, judged: bool = False) -> Stats:
        at_s = self._clock.now_s() - self._started_s
        return Stats.from_dict(self._recording.answer(at_s, self._draw.uniform(*UNDERWAY_S)))


def replayed(folder: Path, recording: Recording, draw: random.Random) -> PlayedRun:
    """The recording, from about the begin of its baseline on, judged at random limits."""
    start_s = recording.asked_s - BASELINE_S + draw.uniform(0, MOST_LATER_S)
    asked = _varied(recording.ended_s - start_s - BASELINE_S - SPARE_S, draw)
    clock = FakeClock(EPOCH_S)
    backend, apis = fake_backend("call", clock=clock)
    apis[f"call/{VIEWER}"] = RecordedApi(VIEWER, clock, recording, start_s, draw)
    plan = checked(folder, f"  - baseline: {BASELINE_S}s\n{asked.steps()}", stack=STACK)
    player = Player(plan, LiveLab(backend, "call"), cast("Watcher", Seen()), keep_going=True, clock=clock)
    clock.run(player.play())
    doubts = problems((VIEWER, SENDER), player.recorded, None, (FPS,))
    verdict, reasons = verdict_of(player.log.judged, player.failures, player.faults, doubts)
    begin_ns, end_ns = player.recorded.baseline or (0, 0)
    return PlayedRun(
        kind=recording.kind,
        asked=asked,
        log=recording.log.later(start_s + player.started.timestamp() - EPOCH_S),
        verdict=verdict,
        reasons=reasons,
        baseline=(seconds_of(begin_ns), seconds_of(end_ns)),
        judged={one.mark: asdict(one) for one in player.log.judged if one.mark},
    )


def _varied(room_s: float, draw: random.Random) -> Asked:
    """Limits and times, all decided within `room_s`."""
    hold_s = draw.uniform(1.7, 2.4)
    return Asked(
        slow=draw.choice((3.5, 5.5, 7.5, 9.5, 11.5)),
        watch_s=draw.uniform(2.0, room_s),
        share=draw.choice((30.0, 50.0, 70.0, 75.0)),
        within_s=draw.uniform(1.5, room_s - hold_s),
        hold_s=hold_s,
    )
