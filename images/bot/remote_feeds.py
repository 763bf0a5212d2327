"""Who publishes in the room, as the room's messages tell."""

from collections.abc import Mapping
from typing import Any


class RemoteFeeds:
    """Feed ids and the participants' names behind them, one's own left out."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._names: dict[int, str] = {}

    def update(self, data: Mapping[str, Any]) -> tuple[dict[int, str], list[int]]:
        """What a message of the room brings: new feeds with their names, and feeds that are gone."""
        gone = [feed for feed in (data.get("leaving"), data.get("unpublished")) if feed in self._names]
        new = {
            feed["id"]: feed.get("display", str(feed["id"]))
            for feed in data.get("publishers", ())
            if feed["id"] not in self._names
        }
        # Who rejoins after an outage meets the ghost of the former stay until the server notices.
        new = {feed: name for feed, name in new.items() if name != self._own}
        gone += [feed for feed, name in self._names.items() if name in new.values()]
        for feed in gone:
            self._names.pop(feed, None)
        self._names.update(new)
        return new, gone
