"""Tracking publishers; the test plays the room's messages."""

from __future__ import annotations

from bot.remote_feeds import RemoteFeeds


def publishers(**feeds: int) -> dict[str, object]:
    return {"publishers": [{"id": feed, "display": name} for name, feed in feeds.items()]}


def test_come_and_go() -> None:
    """A publisher is new once, and gone once when it leaves or stops publishing."""
    feeds = RemoteFeeds("me")
    assert feeds.update(publishers(ada=1, bob=2)) == ({1: "ada", 2: "bob"}, [])
    assert feeds.update(publishers(ada=1)) == ({}, [])
    assert feeds.update({"unpublished": 1}) == ({}, [1])
    assert feeds.update({"leaving": 1}) == ({}, [])
    assert feeds.update({"leaving": 2}) == ({}, [2])


def test_own_answers() -> None:
    """Messages about the bot itself or about other things change nothing."""
    feeds = RemoteFeeds("me")
    assert feeds.update({"unpublished": "ok"}) == ({}, [])
    assert feeds.update({"configured": "ok"}) == ({}, [])


def test_ghosts() -> None:
    """A rejoining participant replaces its old feed at once; the server's late `leaving` changes nothing."""
    feeds = RemoteFeeds("me")
    feeds.update(publishers(ada=1))
    assert feeds.update(publishers(ada=2)) == ({2: "ada"}, [1])
    assert feeds.update({"leaving": 1}) == ({}, [])


def test_own_ghost() -> None:
    """The bot does not subscribe to its own old feed."""
    assert RemoteFeeds("me").update(publishers(me=1, ada=2)) == ({2: "ada"}, [])


def test_without_a_name() -> None:
    """A participant without a name is called by its feed id."""
    assert RemoteFeeds("me").update({"publishers": [{"id": 7}]}) == ({7: "7"}, [])
