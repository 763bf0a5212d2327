"""One run as shown in the report: the texts of its tables, its lanes, and the data of its charts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import quote

from ..scenario.expression import value_text
from ..scenario.record import Judged, Played, Record
from ..text.durations import format_seconds
from .chart import Axis, Bar
from .chart_data import ChartData
from .client_charts import ClientCharts, client_charts
from .clients_shown import Choice, chosen
from .headline import Headline
from .picture import picture_of
from .timeline import COLOURS, SIGNS, axis_of, step_bars, took
from .written_lines import WrittenLines, written_lines

_BASE64 = re.compile(r"[A-Za-z0-9+/]*=*")
MOST_PICTURES = 40
"""Expectations with a picture of their own."""


class Section:
    """The section of one record; `number` counts from 1. Without `charts`, it has only its tables."""

    def __init__(self, number: int, record: Record, charts: bool = True) -> None:
        self.number = number
        self.record = record
        self.axis: Axis = axis_of(record)
        self.headline = Headline.of(record, self.axis)
        self.choice: Choice = chosen(record) if charts else Choice((), (), ())
        self.data = ChartData(self.axis, record.started)
        self.clients = [self._client(name) for name in (*self.choice.opened, *self.choice.folded)]
        self.pictures = dict(self._pictures()) if charts else {}
        """The id of the picture of each expectation that has one."""

    @property
    def sign(self) -> str:
        return SIGNS[self.record.verdict]

    @property
    def picture(self) -> str | None:
        """The id of the picture of the first screen."""
        if self.headline.judged is None:
            return self.pictures.get("")
        return self.pictures.get(self.headline.judged.id) or self.pictures.get("")

    @property
    def facts(self) -> Iterator[tuple[str, str]]:
        """What was run, and where."""
        record = self.record
        yield "scenario", f"{record.scenario} ({record.file})"
        yield "lab", f"{record.lab}, of the stack {record.stack}" if record.stack else record.lab
        yield "started", record.started
        yield "duration", format_seconds(record.duration_s)
        yield from [("seed", str(record.seed))] * bool(record.seed or record.client_seeds)
        yield from (("variables", values) for values in [_pairs(record.variables)] if values)
        yield from record.facts.items()
        seeds = {name: str(seed) for name, seed in record.client_seeds.items()}
        yield from (("client seeds", _pairs(values)) for values in [seeds] if values)

    @cached_property
    def expectations(self) -> tuple[Expectation, ...]:
        return tuple(Expectation(judged) for judged in self.record.judged)

    @property
    def steps(self) -> tuple[PlayedStep, ...]:
        return tuple(PlayedStep(step) for step in self.record.steps)

    @property
    def bars(self) -> tuple[Bar, ...]:
        return step_bars(self.record)

    @property
    def evidence(self) -> tuple[tuple[str, str, str], ...]:
        """The description, path and link of each file of evidence."""
        return tuple((what, file, address_of(file)) for what, file in self.record.evidence.items())

    @property
    def thumbnails(self) -> tuple[Thumbnail, ...]:
        collected_s, files = self.record.collected_s, self.record.evidence
        if collected_s is None:
            return ()
        return tuple(
            Thumbnail(shows, _base64(jpeg), address_of(files[shows]) if shows in files else "", collected_s)
            for shows, jpeg in self.record.thumbnails.items()
        )

    @cached_property
    def writers(self) -> tuple[WrittenLines, ...]:
        return written_lines(self.record.lines, self.axis)

    def _client(self, name: str) -> ClientCharts:
        return client_charts(self.record, name, self.axis.ends_s, self.data, f"client{len(self.data)}")

    def _pictures(self) -> Iterator[tuple[str, str]]:
        """The expectations' pictures, and under an empty name the headline's if it belongs to none."""
        shown = self.headline.judged
        if self.headline.picture and shown is None:
            yield "", self.data.add("picture", self.headline.picture.row, moment=self.headline.picture.moment)
        first = sorted(self.record.judged, key=lambda one: (one is not shown, one.verdict == "passed"))[:MOST_PICTURES]
        for at, judged in enumerate(first):
            if picture := picture_of(judged, self.record.samples, self.axis):
                yield judged.id, self.data.add(f"judged{at}", picture.row, moment=picture.moment)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One row of the table of expectations."""

    judged: Judged

    @property
    def sign(self) -> str:
        return SIGNS[self.judged.verdict]

    @property
    def colour(self) -> str:
        return COLOURS[self.judged.verdict]

    @property
    def moment_s(self) -> float | None:
        """When it was decided, or when it was asked."""
        return self.judged.asked_s if self.judged.decided_s is None else self.judged.decided_s

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
    def late(self) -> str:
        """How far from its planned time it started."""
        step = self.step
        if step.began_s is None or step.planned_s is None:
            return ""
        return f"{(step.began_s - step.planned_s) * 1000:+.1f}ms"

    @property
    def ended_s(self) -> float | None:
        return self.step.until_s if self.step.until_s is not None else self.step.ended_s


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture of a page, as JPEG in base64, with the address of the whole one, if that was kept."""

    shows: str
    jpeg: str
    address: str
    at_s: float


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _base64(text: str) -> str:
    """The text if it is base64, else nothing: the page holds it unescaped."""
    return text if _BASE64.fullmatch(text) else ""


def address_of(file: str) -> str:
    """The URL of a local file, relative to the page or absolute; never on another host."""
    path = PurePosixPath(file)
    return f"file://{quote(str(path))}" if path.is_absolute() else f"./{quote(str(path))}"
