"""Merges the logs of several containers into one stream of lines, ordered by time."""

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
    """A line of a log. `time` is UTC in RFC 3339 format, `writer` the container's name."""

    time: str
    writer: str
    text: str


def read_lines(engine: EngineApi, containers: Sequence[Container], query: LogQuery) -> Iterator[LogLine]:
    """The lines of all containers by time; with `follow`, as they arrive, until all containers have exited."""
    return _follow(engine, containers, query) if query.follow else _merge(engine, containers, query)


def _merge(engine: EngineApi, containers: Sequence[Container], query: LogQuery) -> Iterator[LogLine]:
    return heapq.merge(*(_lines(engine, container, query) for container in containers))


def _follow(engine: EngineApi, containers: Sequence[Container], query: LogQuery) -> Iterator[LogLine]:
    """One daemon thread per container, so that none keeps the program from exiting."""
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
        item = arrived.get()
        if isinstance(item, SynthlabError):
            raise item
        if item is None:
            ended += 1
        else:
            yield item


def _lines(engine: EngineApi, container: Container, query: LogQuery) -> Iterator[LogLine]:
    for time, text in engine.read_log(container, query):
        yield LogLine(time, container.title, text)
