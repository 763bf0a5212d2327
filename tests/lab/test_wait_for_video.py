"""Waiting until all clients see each other's video."""

from __future__ import annotations

import pytest

from synthlab.errors import SynthlabError
from synthlab.lab import wait_for_video as wait_module
from synthlab.lab.lab import Lab
from synthlab.lab.wait_for_video import unseen, wait_for_video
from synthlab.testing import FakeClientApi, fake_backend


def seeing(api: FakeClientApi, *others: str) -> None:
    video = {other: {"fps": 15.0} for other in others}
    api.answered_stats = {"values": {"video": video}, "age_s": {"video": 0.1}}


def test_unseen() -> None:
    """Only pairs whose viewer does not see the sender's video remain."""
    backend, apis = fake_backend("call", groups={"bot-1": "bot"})
    lab = Lab.named(backend, None)
    seeing(apis["call/client1"], "client2", "bot-1")
    seeing(apis["call/client2"], "client1")
    pairs = [("client1", "client2"), ("client2", "bot-1"), ("bot-1", "client1")]
    assert unseen(lab.stats(lab.find()), pairs) == pairs[1:]


def test_wait() -> None:
    """Once all see all, it returns at once, after reporting that."""
    backend, apis = fake_backend("call")
    result: list[str] = []
    seeing(apis["call/client1"], "client2")
    seeing(apis["call/client2"], "client1")
    assert wait_for_video(Lab.named(backend, None), result.append, timeout_s=1) < 1
    assert result == ["video: 2/2 pairs seen"]


def test_once_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs never visible at the same moment count as seen, one after the other."""
    monkeypatch.setattr(wait_module, "POLL_S", 0)
    backend, apis = fake_backend("call")
    result: list[str] = []

    def flicker(line: str) -> None:
        """Client1's video of client2 appears first, and is gone when client2's of client1 appears."""
        result.append(line)
        seeing(apis["call/client1"], *(["client2"] if len(result) == 1 else []))
        seeing(apis["call/client2"], *(["client1"] if len(result) == 2 else []))

    wait_for_video(Lab.named(backend, None), flicker, timeout_s=1)
    assert result == ["video: 0/2 pairs seen", "video: 1/2 pairs seen", "video: 2/2 pairs seen"]


def test_alone() -> None:
    """A single client has nothing to wait for."""
    backend, _ = fake_backend("call")
    lab = Lab.named(backend, None)
    lab._take(lab.members[:1])
    assert wait_for_video(lab, _never, timeout_s=1) < 1


def test_wait_in_vain() -> None:
    """The error names a missing pair, and lists the last numbers of each."""
    backend, apis = fake_backend("call", groups={"bot-1": "bot"})
    seeing(apis["call/client1"], "client2")
    apis["call/client2"].answered_stats = {
        "values": {"video": {"client1": {"fps": 0.0, "kbps": 12.34, "nack": 3}}, "sent": {"video": {"fps": 15.0}}},
        "age_s": {"video": 1.0, "sent": 1.0},
    }
    apis["call/bot-1"].answered_stats = {"values": {"video": {}, "sent": {}}, "age_s": {"video": 40.2, "sent": 40.2}}
    result: list[str] = []
    with pytest.raises(SynthlabError) as caught:
        wait_for_video(Lab.named(backend, None), result.append, timeout_s=0.1)
    assert caught.value.message == (
        "after 0.1 s client1 has not seen bot-1's video (5 of 6 pairs are missing); last stats:"
    )
    assert caught.value.details == (
        "client1 receives from bot-1: nothing",
        "client2 receives from client1: fps 0, kbps 12.34",
        "client2 receives from bot-1: nothing",
        "bot-1 receives from client1: no stats reported for 40 s",
        "bot-1 receives from client2: no stats reported for 40 s",
        "bot-1 sends: no stats reported for 40 s",
        "client1 sends: no stats reported",
        "client2 sends: fps 15",
    )
    assert result[-1] == "video: 1/6 pairs seen"


def test_many_in_vain() -> None:
    """In a large call, only some of the missing pairs are listed."""
    backend, _ = fake_backend("call", groups={f"bot-{number}": "bot" for number in range(1, 4)})
    with pytest.raises(SynthlabError) as caught:
        wait_for_video(Lab.named(backend, None), lambda line: None, timeout_s=0)
    assert caught.value.message.endswith("(20 of 20 pairs are missing); last stats:")
    assert [line.split(":")[0] for line in caught.value.details[wait_module.MOST_SHOWN :]] == [
        "and 14 more pairs",
        *(f"{name} sends" for name in ("client2", "bot-1", "bot-2", "bot-3", "client1")),
    ]


def _never(line: str) -> None:
    pytest.fail(f"told: {line}")
