"""A path test's figures from what its programs print, and what is set along the path."""

from __future__ import annotations

import pytest

from syntheticnet.conditions import Conditions
from synthlab.control.running_lab import RunningLab
from synthlab.errors import WrongUse
from synthlab.lab.path_test import Way, _reordered, _result, link_for, links_of, ping
from synthlab.testing import FakeClientApi, fake_backend

pytestmark = pytest.mark.issue(13)

MS = 1_000_000


def test_figures() -> None:
    """Delays of each way, round trips, loss of each way by itself, and what was overtaken."""
    sent = [0, 10 * MS, 20 * MS, 30 * MS]
    came = [[0, 0, 5 * MS], [2, 20 * MS, 24 * MS], [1, 10 * MS, 26 * MS], [9, 0, 0]]  # 3 is lost; 9 is one of the MTU's
    back = [[0, 6 * MS, 8 * MS], [2, 25 * MS, 29 * MS]]  # the answer to 1 is lost
    result = _result(("a", "b"), {"own": "1.1.1.1", "other": "1.1.1.2", "sent": sent, "back": back}, came, full=False)
    assert list(result.rtts_ms) == [8.0, 9.0]
    assert (result.rtt_ms, result.lost) == (8.5, 2)
    assert (list(result.there.delays_ms), result.there.loss, result.there.reordered) == ([5.0, 16.0, 4.0], 0.25, 1)
    assert (list(result.back.delays_ms), result.back.sent, result.back.reordered) == ([2.0, 4.0], 3, 0)
    assert result.back.loss == pytest.approx(1 / 3)


def test_nothing_arrives() -> None:
    result = _result(("a", "b"), {"own": "1.1.1.1", "other": "1.1.1.2", "sent": [0, 1], "back": []}, [], full=False)
    assert (result.rtt_ms, result.lost, result.there.delay_ms(0.5), result.back.loss) == (None, 2, None, 0.0)


@pytest.mark.parametrize(
    ("numbers", "late"), [([], 0), ([0, 1, 2], 0), ([1, 0, 2], 1), ([3, 0, 1, 2], 3), ([0, 2, 1, 4, 3], 2)]
)
def test_reordered(numbers: list[int], late: int) -> None:
    """Whatever arrives after one that was sent later counts, once (RFC 4737)."""
    assert _reordered(numbers) == late


def test_quantiles() -> None:
    way = Way(sent=100, delays_ms=list(range(100, 0, -1)), reordered=0)
    assert [way.delay_ms(share) for share in (0, 0.5, 0.99, 1)] == [1, 51, 100, 100]


@pytest.mark.parametrize(
    ("flow", "applies"),
    [
        ("db", True),
        ("db:udp", True),
        ("*:udp", True),
        ("*", True),
        ("10.0.0.0/8", True),
        ("10.0.0.2:udp", True),
        ("db:tcp", False),
        ("db:udp:53", False),
        ("web", False),
        ("10.1.0.0/16", False),
        ("*:rtp", False),
    ],
)
def test_which_values_apply(flow: str, applies: bool) -> None:
    """Those of the first flow that has every datagram to that host; a flow of certain ports has not."""
    given = {"egress": {"latency": "10ms"}, "flows": {flow: {"egress": {"loss": "5%"}}}}
    link = link_for(Conditions.from_dict(given), "egress", "db", "10.0.0.2")
    assert link.to_dict() == ({"loss": "5%", "latency": "10ms"} if applies else {"latency": "10ms"})


def test_the_links_of_a_path() -> None:
    """Out of one end, into the other; an end that is not conditioned has none."""
    states = {
        "a": FakeClientApi("a").replace({"egress": {"latency": "10ms"}}),
        "b@front": FakeClientApi("b").replace({"ingress": {"latency": "20ms"}}),
        "b@back": FakeClientApi("b").replace({}),
    }
    addresses = {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}
    named = [(name, link.to_dict()) for name, link in links_of(states, "a", "b", addresses)]
    assert named == [
        ("a egress", {"latency": "10ms"}),
        ("b@front ingress", {"latency": "20ms"}),
        ("b@back ingress", {}),
    ]
    assert [name for name, _ in links_of(states, "c", "a", addresses)] == ["a ingress"]


def test_one_end() -> None:
    backend, _ = fake_backend("call")
    with pytest.raises(WrongUse, match="ping: 'client1' is both ends; name two"):
        ping(RunningLab.named(backend, "call"), "client1", "client1", False, lambda line: None)
