"""Takes a small picture a second of a participant that the browser shows, in turn, while somebody looks at them."""

import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from . import participant_names
from .stats import StatsSample


class Shown(NamedTuple):
    """A received video track, and the key in the sample of the connection that receives it."""

    connection: str
    track: str


Take = Callable[[str, str], Awaitable[Mapping[str, Any] | None]]


class PictureTurns:
    """`take` takes a picture of a track that a connection receives."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._last = ""

    async def next(self, sample: StatsSample) -> tuple[str, bytes, float] | None:
        """Name, picture and CPU time in seconds of the participant whose turn it is; None if it is not shown."""
        shown = shown_videos(sample)
        if not shown:
            return None
        # By name, so that turns go on where others come and leave.
        self._last = next((name for name in sorted(shown) if name > self._last), min(shown))
        begin = time.thread_time()
        picture = await self._take(*shown[self._last])
        if picture is None:
            return None
        content = base64.b64decode(picture["jpeg"])
        return self._last, content, picture["tookMs"] / 1000 + time.thread_time() - begin


def shown_videos(sample: StatsSample) -> dict[str, Shown]:
    """The received video tracks by participant, named as in the stats."""
    found: dict[str, Shown] = {}
    for key, connection in sample.items():
        for entry in connection["stats"]:
            if entry["type"] == "inbound-rtp" and entry["kind"] == "video" and entry.get("trackIdentifier"):
                name = participant_names.participant(connection, entry, found)
                found[name] = Shown(key, entry["trackIdentifier"])
    return found
