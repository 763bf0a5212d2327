"""Console output and uncaught exceptions of the pages in clients' browsers, as log lines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..engine.containers import LogQuery
from .client_api import ClientApi
from .logs import LogLine

POLL_S = 0.5

ConsoleEntry = Mapping[str, Any]


def console_lines(apis: Mapping[str, ClientApi], query: LogQuery) -> Iterator[LogLine]:
    """The lines of all clients by time; with `follow`, endlessly, as they arrive. Raises SynthlabError."""
    seen = dict.fromkeys(apis, 0)
    tail = query.tail
    while True:
        new: list[LogLine] = []
        for name, api in apis.items():
            answer = api.console(seen[name])
            lines = list(lines_of(name, answer["entries"], seen[name]))
            seen[name] = answer["count"]
            recent = [line for line in lines if query.since is None or line.time >= _format_time(query.since)]
            new += recent if tail is None else recent[len(recent) - min(tail, len(recent)) :]
        yield from sorted(new, key=lambda line: line.time)
        if not query.follow:
            return
        # `tail` limits what is already there; of new lines all are wanted.
        tail = None
        time.sleep(POLL_S)


def lines_of(writer: str, entries: Sequence[ConsoleEntry], after: int) -> Iterator[LogLine]:
    """One log line per line of text, and one for missing entries: the client keeps only the newest."""
    for entry in entries:
        time = _format_time(entry["time_s"])
        if missing := entry["number"] - after - 1:
            yield LogLine(time, writer, f"[{missing} older entries were dropped]")
        after = entry["number"]
        first, *more = entry["text"].split("\n")
        where = f" ({entry['where']})" if entry["where"] else ""
        yield LogLine(time, writer, f"{entry['kind']}: {first}{where}")
        yield from (LogLine(time, writer, line) for line in more)


def _format_time(time_s: float) -> str:
    """A time in the format of the engine's logs."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
