"""`top`: shows the clients of a lab live."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from ...control.backend import Backend
from ...control.running_lab import RunningLab
from .. import console
from ..console import Table
from ..counters import too_slow_table
from ..top_table import ClientSample, answering, sample, top_json, top_table
from .listing import note_versions
from .options import ClientsArgument, JsonOption, LabOption, finite

IntervalOption = Annotated[
    float, typer.Option("--interval", metavar="SECONDS", min=0.1, help="Time between samples.", callback=finite)
]
CountOption = Annotated[int | None, typer.Option("--count", metavar="N", min=1, help="Stop after N samples.")]


class _Watcher:
    """Samples a lab, and keeps the previous sample: a forwarder's CPU time is the difference of two."""

    def __init__(self, backend: Backend, lab: str | None, names: list[str]) -> None:
        self._backend = backend
        self._lab = lab
        self._names = names
        self.before: ClientSample = {}
        self.now: ClientSample = {}

    def note_versions(self) -> None:
        """Print a note if clients run another version than ours."""
        seen = sample(RunningLab.named(self._backend, self._lab).find(self._names))
        note_versions({name: client.state for name, client in seen.items() if client.state})

    def look(self) -> None:
        """Take a sample. The lab is looked up each time, as a restarted client has another port."""
        lab = RunningLab.named(self._backend, self._lab)
        self.before, self.now = self.now, sample(lab.find(self._names))

    def tables(self) -> list[Table]:
        self.look()
        slow = too_slow_table(answering(self.now))
        return [top_table(self.now, self.before), *([slow] if slow.rows else [])]


def top(
    context: typer.Context,
    names: ClientsArgument = None,
    interval: IntervalOption = 1.0,
    count: CountOption = None,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Watch network and received video of clients live.

    Measured and configured rate, delay and loss, CPU time of the forwarder, and the video that each client receives.

    With --json, prints one line per sample.

    \b
    Examples:
      synthlab top
      synthlab top client1 bot --interval 2
      synthlab top --json --count 10 > samples.jsonl
    """
    watcher = _Watcher(context.obj, lab, names or [])
    watcher.note_versions()
    if not json:
        console.watch(watcher.tables, interval, count)
        return
    for _ in console.turns(interval, count):
        watcher.look()
        console.print_json_line(top_json(watcher.now, watcher.before, time.time()))
