"""Who publishes in the room, with the room's messages fed by hand."""

from __future__ import annotations

from bot.remote_feeds import RemoteFeeds


def publishers(**feeds: int) -> dict[str, object]:
    return {"publishers": [{"id": feed, "display": name} for name, feed in feeds.items()]}


def test_come_and_go() -> None:
    """Who comes is new once; who leaves, or only stops publishing, is gone once."""
    feeds = RemoteFeeds("me")
    assert feeds.update(publishers(ada=1, bob=2)) == ({1: "ada", 2: "bob"}, [])
    assert feeds.update(publishers(ada=1)) == ({}, [])
    assert feeds.update({"unpublished": 1}) == ({}, [1])
    assert feeds.update({"leaving": 1}) == ({}, [])
    assert feeds.update({"leaving": 2}) == ({}, [2])


def test_own_answers() -> None:
    """The room's answers about oneself, and messages about other things, change nothing."""
    feeds = RemoteFeeds("me")
    assert feeds.update({"unpublished": "ok"}) == ({}, [])
    assert feeds.update({"configured": "ok"}) == ({}, [])


def test_ghosts() -> None:
    """Who rejoins takes the place of the former stay at once; the server's late notice changes nothing."""
    feeds = RemoteFeeds("me")
    feeds.update(publishers(ada=1))
    assert feeds.update(publishers(ada=2)) == ({2: "ada"}, [1])
    assert feeds.update({"leaving": 1}) == ({}, [])


def test_own_ghost() -> None:
    """One's own former stay is nobody to receive."""
    assert RemoteFeeds("me").update(publishers(me=1, ada=2)) == ({2: "ada"}, [])


def test_without_a_name() -> None:
    """A participant without a name is known by the feed's number."""
    assert RemoteFeeds("me").update({"publishers": [{"id": 7}]}) == ({7: "7"}, [])
