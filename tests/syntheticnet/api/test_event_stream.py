"""What one reader of events gets, and how it is written."""

from __future__ import annotations

import asyncio
import json

import pytest

from syntheticnet.api import event_stream
from syntheticnet.api.event_stream import PIECE_BYTES, EventReader, ServerEvent, pieces


async def first(reader: EventReader, count: int) -> list[bytes]:
    stream = reader.stream()
    return [await anext(stream) for _ in range(count)]


def test_an_event_is_written_once_for_all_readers() -> None:
    """When the first of them takes it; all get the same bytes."""
    calls: list[int] = []

    def write() -> bytes:
        calls.append(1)
        return b"{}"

    event = ServerEvent("state", write)
    readers = [EventReader(["state"]), EventReader(["state"])]
    for reader in readers:
        reader.put(event)
    assert calls == []
    (one,), (other,) = (reader.take() for reader in readers)
    assert one.text is other.text
    assert (one.text, calls) == (b"event: state\ndata: {}\n\n", [1])


def test_a_reader_gets_the_latest_of_each_event_it_wants() -> None:
    """However many came before it reads, and nothing twice."""
    reader = EventReader(["state", "sample"])
    for number in range(100):
        for name in ("state", "sample", "traffic"):
            reader.put(ServerEvent.of(name, number))
    assert [(event.name, event.text.split()[-1]) for event in reader.take()] == [("state", b"99"), ("sample", b"99")]
    assert reader.take() == []


def test_what_is_pending_is_one_piece() -> None:
    """A look at the forwarder costs a connection one write."""
    reader = EventReader(["state", "sample"])
    reader.put(ServerEvent.of("state", 1))
    reader.put(ServerEvent.of("sample", 2))
    written = asyncio.run(first(reader, 2))
    assert written == [b"retry: 1000\n\n", b"event: state\ndata: 1\n\nevent: sample\ndata: 2\n\n"]


def test_long_events_are_cut() -> None:
    """No piece is longer than 64 kB, and together they are the events."""
    texts = [
        ServerEvent.of(name, "x" * size).text for name, size in (("a", 9), ("b", 200_000), ("c", 9), ("d", 70_000))
    ]
    cut = list(pieces(texts))
    assert b"".join(cut) == b"".join(texts)
    assert 0 < min(map(len, cut)) <= max(map(len, cut)) == PIECE_BYTES


def test_a_silent_stream_shows_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a comment, which clients ignore."""
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.01)
    assert asyncio.run(first(EventReader(["state"]), 3))[1:] == [b":\n\n", b":\n\n"]


def test_a_stream_that_is_ended_ends() -> None:
    """After what is pending."""
    reader = EventReader(["state"])
    reader.put(ServerEvent.of("state", {}))
    reader.end()

    async def read() -> list[bytes]:
        return [piece async for piece in reader.stream()]

    # Ended before it began: nothing is promised to a reader that never read.
    assert asyncio.run(read()) == [b"retry: 1000\n\n"]


def test_data_has_no_line_breaks() -> None:
    """Text with any characters is one line of data."""
    text = ServerEvent.of("stats", {"a": "1\n2\r3\u2028"}).text
    assert text.count(b"\n") == 3
    assert json.loads(text.split(b"data: ")[1]) == {"a": "1\n2\r3\u2028"}
