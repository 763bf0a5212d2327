"""What participants, tracks and connections are called: as the page says, or else by their own ids."""

import itertools
from collections.abc import Container, Mapping
from typing import Any

Named = Mapping[str, Any]


def participant(connection: Named, entry: Named, taken: Container[str]) -> str:
    """Whose a received track is: the page's name for it; else the application's or the browser's own, made unique."""
    track_id = entry.get("trackIdentifier")
    track = connection["tracks"].get(track_id, {})
    if given := track.get("name") or connection.get("name"):
        return _printable(given)
    return _unique(str(track.get("stream") or track_id or f"mid-{entry.get('mid')}"), taken)


def sent_track(connection: Named, mid: str | None, taken: Container[str]) -> str:
    """What a sent track is called: the page's name for it, else its place in the connection, made unique."""
    track = connection.get("sent", {}).get(mid, {})
    return _unique(_printable(track.get("name") or connection.get("name") or f"mid-{mid}"), taken)


def connection(connection: Named, taken: Container[str]) -> str:
    """The participant that the page says it leads to, else `connection`; made unique."""
    return _unique(_printable(connection.get("name") or "connection"), taken)


def _unique(plain: str, taken: Container[str]) -> str:
    names = itertools.chain([plain], (f"{plain}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def _printable(given: object) -> str:
    """The API takes no other names, and would refuse all stats for one."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(given))
