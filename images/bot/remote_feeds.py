"""Tracks who publishes in the room, from Janus's room messages."""

from collections.abc import Mapping
from typing import Any


class RemoteFeeds:
    """Participants' names by feed id, without the bot itself."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._names: dict[int, str] = {}

    def update(self, data: Mapping[str, Any]) -> tuple[dict[int, str], list[int]]:
        """Apply a room message; return the new feeds with their names, and the feeds that are gone."""
        gone = [feed for feed in (data.get("leaving"), data.get("unpublished")) if feed in self._names]
        new = {
            feed["id"]: feed.get("display", str(feed["id"]))
            for feed in data.get("publishers", ())
            if feed["id"] not in self._names
        }
        # After an outage our previous session stays listed until the server times it out: skip it. Another
        # participant's old feed is dropped as soon as its new one appears.
        new = {feed: name for feed, name in new.items() if name != self._own}
        gone += [feed for feed, name in self._names.items() if name in new.values()]
        for feed in gone:
            self._names.pop(feed, None)
        self._names.update(new)
        return new, gone
