"""Names of participants, tracks and connections: the page's if it sets one, else their ids."""

import itertools
from collections.abc import Container, Mapping
from typing import Any

Named = Mapping[str, Any]


def participant(connection: Named, entry: Named, taken: Container[str]) -> str:
    """The participant of a received track: the page's name for it, else its stream or track id, made unique."""
    track_id = entry.get("trackIdentifier")
    track = connection["tracks"].get(track_id, {})
    if name := track.get("name") or connection.get("name"):
        return _printable(name)
    return _unique(str(track.get("stream") or track_id or f"mid-{entry.get('mid')}"), taken)


def sent_track(connection: Named, mid: str | None, taken: Container[str]) -> str:
    """The name of a sent track: the page's, else `mid-<mid>`; made unique."""
    track = connection.get("sent", {}).get(mid, {})
    return _unique(_printable(track.get("name") or connection.get("name") or f"mid-{mid}"), taken)


def connection(connection: Named, taken: Container[str]) -> str:
    """The page's name for the connection, else `connection`; made unique."""
    return _unique(_printable(connection.get("name") or "connection"), taken)


def _unique(plain: str, taken: Container[str]) -> str:
    names = itertools.chain([plain], (f"{plain}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def _printable(name: object) -> str:
    """Replace unprintable characters: one such name would make the API reject the whole report."""
    return "".join(character if character.isprintable() else "?" for character in str(name))
