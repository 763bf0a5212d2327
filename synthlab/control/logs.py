"""What several containers wrote, as one stream of lines in the order of their times."""

from __future__ import annotations

import heapq
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..engine.api import EngineApi
from ..engine.containers import Container, LogQuery
from ..errors import SynthlabError


@dataclass(frozen=True, slots=True, order=True)
class LogLine:
    """One line, who wrote it, and when: in UTC, as RFC 3339 writes it."""

    time: str
    writer: str
    text: str


def read_lines(engine: EngineApi, containers: Sequence[Container], query: LogQuery) -> Iterator[LogLine]:
    """The lines of all, by their times; with `follow` as they come, until all have ended."""
    return _follow(engine, containers, query) if query.follow else _merge(engine, containers, query)


def _merge(engine: EngineApi, containers: Sequence[Container], query: LogQuery) -> Iterator[LogLine]:
    return heapq.merge(*(_lines(engine, container, query) for container in containers))


def _follow(engine: EngineApi, containers: Sequence[Container], query: LogQuery) -> Iterator[LogLine]:
    """One thread for each container; they die with us, whatever they wait for."""
    arrived: queue.Queue[LogLine | SynthlabError | None] = queue.Queue()

    def read(container: Container) -> None:
        try:
            for line in _lines(engine, container, query):
                arrived.put(line)
            arrived.put(None)
        except SynthlabError as error:
            arrived.put(error)

    for container in containers:
        threading.Thread(target=read, args=(container,), daemon=True).start()
    ended = 0
    while ended < len(containers):
        came = arrived.get()
        if isinstance(came, SynthlabError):
            raise came
        if came is None:
            ended += 1
        else:
            yield came


def _lines(engine: EngineApi, container: Container, query: LogQuery) -> Iterator[LogLine]:
    for time, text in engine.read_log(container, query):
        yield LogLine(time, container.title, text)
