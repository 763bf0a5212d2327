"""Pictures of the participants that a browser shows, in turn."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from chrome.pictures import PictureTurns, shown_videos


def connection(**tracks: str) -> dict[str, Any]:
    """A connection that receives a video track of each participant, by its track's id."""
    entries = [{"type": "inbound-rtp", "kind": "video", "trackIdentifier": track} for track in tracks]
    audio = {"type": "inbound-rtp", "kind": "audio", "trackIdentifier": "sound"}
    return {"id": 1, "stats": [*entries, audio], "tracks": {track: {"name": name} for track, name in tracks.items()}}


SAMPLE = {"doc.1/1": connection(t1="ada"), "doc.2/1": connection(t2="bob", t3="cleo")}


def test_shown_videos() -> None:
    """Every received video track, with the connection that receives it."""
    assert shown_videos(SAMPLE) == {
        "ada": ("doc.1/1", "t1"),
        "bob": ("doc.2/1", "t2"),
        "cleo": ("doc.2/1", "t3"),
    }


def test_turns() -> None:
    """One after the other by name, also where the last one has left; its cost has that of the page."""
    asked = []

    async def take(key: str, track: str) -> dict[str, Any]:
        asked.append((key, track))
        return {"jpeg": base64.b64encode(track.encode()).decode(), "tookMs": 5.0}

    async def play() -> list[Any]:
        turns = PictureTurns(take)
        taken = [await turns.next(SAMPLE) for _ in range(4)]
        return [*taken, await turns.next({"doc.2/1": SAMPLE["doc.2/1"]}), await turns.next({})]

    taken = asyncio.run(play())
    assert [one and one[:2] for one in taken[:5]] == [
        ("ada", b"t1"),
        ("bob", b"t2"),
        ("cleo", b"t3"),
        ("ada", b"t1"),
        ("bob", b"t2"),
    ]
    assert taken[5] is None
    assert asked[0] == ("doc.1/1", "t1")
    assert all(one[2] == pytest.approx(0.005, abs=0.002) for one in taken[:5])


def test_what_is_not_shown() -> None:
    """A track that no element of the page shows has no picture, and the next one has its turn."""

    async def take(_: str, track: str) -> dict[str, Any] | None:
        return None if track == "t1" else {"jpeg": "", "tookMs": 1}

    async def play() -> list[Any]:
        turns = PictureTurns(take)
        return [await turns.next(SAMPLE) for _ in range(2)]

    first, second = asyncio.run(play())
    assert first is None
    assert second[0] == "bob"
