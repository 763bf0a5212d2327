"""Who sees whom."""

from __future__ import annotations

import pytest

from synthlab.errors import SynthlabError
from synthlab.fakes import FakeClientApi, fake_world
from synthlab.media import unseen, wait_for_media


def seeing(api: FakeClientApi, *others: str) -> None:
    video = {other: {"fps": 15.0} for other in others}
    api.answered_numbers = {"values": {"video": video}, "age_s": {"video": 0.1}}


def test_unseen() -> None:
    """Each viewer is paired with those whose video it does not see."""
    world, apis = fake_world("call", groups={"bot-1": "bot"})
    lab = world.lab(None)
    seeing(apis["call/client1"], "client2", "bot-1")
    seeing(apis["call/client2"], "client1")
    assert unseen(lab.numbers(lab.find())) == [("client2", "bot-1"), ("bot-1", "client1"), ("bot-1", "client2")]


def test_wait() -> None:
    """When all see all, the waiting is over at once."""
    world, apis = fake_world("call")
    seeing(apis["call/client1"], "client2")
    seeing(apis["call/client2"], "client1")
    assert wait_for_media(world.lab(None), lambda text: None, timeout_s=1) < 1


def test_wait_in_vain() -> None:
    """The error names the first pair that does not see, and how many more there are."""
    world, _ = fake_world("call")
    told: list[str] = []
    with pytest.raises(SynthlabError, match=r"^after 0\.1 s client1 does not see client2's video \(and 1 more "):
        wait_for_media(world.lab(None), told.append, timeout_s=0.1)
    assert told[0] == "video: 0/2 pairs see each other"
