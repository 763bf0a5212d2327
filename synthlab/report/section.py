"""One record as shown in the report: the texts of its tables, and its charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import quote

from ..scenario.expression import value_text
from ..scenario.record import Judged, Played, Record
from ..text.durations import format_seconds
from .chart import Axis, Row
from .clients_shown import Choice, asked_numbers, chosen
from .configured import ConfiguredLinks
from .draw_charts import draw_rows
from .draw_timeline import draw_bars
from .figure import Drawing
from .network import network_rows
from .probes import is_probe, probe_rows
from .states import recorded_states
from .timeline import SIGNS, axis_of, step_bars, took
from .webrtc import drawn, own_rows, webrtc_rows


@dataclass(frozen=True)
class Section:
    """The section of one record; `number` counts from 1."""

    number: int
    record: Record

    @property
    def sign(self) -> str:
        return SIGNS[self.record.verdict]

    @property
    def variables(self) -> str:
        return _pairs(self.record.variables)

    @property
    def facts(self) -> Iterator[tuple[str, str]]:
        """What was run, and where."""
        record = self.record
        yield "scenario", f"{record.scenario} ({record.file})"
        yield "lab", f"{record.lab}, of the stack {record.stack}" if record.stack else record.lab
        yield "started", record.started
        yield "duration", format_seconds(record.duration_s)
        yield "seed", str(record.seed)
        yield from (("variables", values) for values in [self.variables] if values)
        yield from record.facts.items()
        seeds = {name: str(seed) for name, seed in record.client_seeds.items()}
        yield from (("client seeds", _pairs(values)) for values in [seeds] if values)

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        return tuple(Expectation(judged) for judged in self.record.judged)

    @property
    def steps(self) -> tuple[PlayedStep, ...]:
        return tuple(PlayedStep(step) for step in self.record.steps)

    @property
    def evidence(self) -> tuple[tuple[str, str, str], ...]:
        """The description, path and link of each file of evidence."""
        return tuple((what, file, _address(file)) for what, file in self.record.evidence.items())

    @cached_property
    def axis(self) -> Axis:
        return axis_of(self.record)

    @cached_property
    def choice(self) -> Choice:
        return chosen(self.record)

    @property
    def step_bars(self) -> Drawing | None:
        bars = step_bars(self.record)
        return draw_bars(bars, self.axis) if bars else None

    @property
    def opened(self) -> Iterator[tuple[str, Drawing | None]]:
        return ((name, self._drawing(name)) for name in self.choice.opened)

    @property
    def folded(self) -> Iterator[tuple[str, Drawing | None]]:
        return ((name, self._drawing(name)) for name in self.choice.folded)

    def _drawing(self, client: str) -> Drawing | None:
        """The client's chart; None if nothing was measured or configured."""
        rows = list(client_rows(self.record, client, self.axis.ends_s))
        return draw_rows(rows, self.axis) if rows else None


def client_rows(record: Record, client: str, ends_s: float) -> Iterator[Row]:
    """The client's network, its media, what probes measured of it, and other numbers that expectations read."""
    asked = asked_numbers(record, client)
    participants = {part for name in asked for part in name.split(".")[2:3]}
    yield from recorded_states(record, client, ends_s)
    yield from network_rows(client, record.samples, ConfiguredLinks.of(record.configured, client, ends_s))
    yield from webrtc_rows(client, record.samples, participants)
    yield from probe_rows(client, record.samples)
    others = [name for name in asked if not (drawn(client, name) or is_probe(client, name))]
    yield from own_rows(others, record.samples)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One row of the table of expectations."""

    judged: Judged

    @property
    def sign(self) -> str:
        return SIGNS[self.judged.verdict]

    @property
    def asked(self) -> str:
        return _at(self.judged.asked_s)

    @property
    def decided(self) -> str:
        return _at(self.judged.decided_s)

    @property
    def took(self) -> str:
        """The time until it held, and the limit."""
        limit = "" if self.judged.within_s is None else f"limit {format_seconds(self.judged.within_s)}"
        return ", ".join(part for part in (took(self.judged), limit) if part) or "-"

    @property
    def seen(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, value_text(name, value)) for name, value in self.judged.seen.items())


@dataclass(frozen=True, slots=True)
class PlayedStep:
    """One row of the table of steps."""

    step: Played

    @property
    def planned(self) -> str:
        return _at(self.step.planned_s)

    @property
    def began(self) -> str:
        """The start time, with its offset from the planned one."""
        step = self.step
        if step.began_s is None:
            return "not reached" if step.error is None else "-"
        if step.planned_s is None:
            return _at(step.began_s)
        return f"{_at(step.began_s)} ({(step.began_s - step.planned_s) * 1000:+.1f}ms)"

    @property
    def ended(self) -> str:
        return _at(self.step.until_s if self.step.until_s is not None else self.step.ended_s)


def _at(time_s: float | None) -> str:
    return "-" if time_s is None else format_seconds(time_s)


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _address(file: str) -> str:
    """The URL of a local file, relative to the page or absolute; never on another host."""
    path = PurePosixPath(file)
    return f"file://{quote(str(path))}" if path.is_absolute() else f"./{quote(str(path))}"
