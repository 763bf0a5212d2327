"""Expectations on a running lab from code, on samples of fake clients."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from synthlab import ExpectationFailed, Inconclusive, Lab, WrongUse
from synthlab.control.backend import Backend
from synthlab.control.state import ClientState
from synthlab.control.webrtc_stats import Stats
from synthlab.lab import expectations
from synthlab.lab.expectations import known_of
from synthlab.runner.host_load import Busy
from synthlab.scenario.expression import Known
from synthlab.stack import read_stack
from synthlab.testing import FakeClientApi, FakeEngine, fake_backend, fake_companion, fake_container

FPS = "client1.video.client2.fps"


@pytest.fixture
def apis() -> dict[str, FakeClientApi]:
    return {}


@pytest.fixture
def lab(apis: dict[str, FakeClientApi]) -> Iterator[Lab]:
    backend, by_id = fake_backend("call", groups={"bot-1": "bot", "bot-2": "bot"})
    apis.update({api.name: api for api in by_id.values()})
    with Lab.attach("call", backend) as lab:
        yield lab


def show(api: FakeClientApi, fps: float) -> None:
    api.answered_stats = {"values": {"video": {"client2": {"fps": fps}}}, "age_s": {"video": 0.1}}


def test_expect(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """It waits until the expression holds, and reports since when, with the sampling error."""
    show(apis["client1"], 30)
    threading.Timer(1.2, show, (apis["client1"], 1)).start()
    result = lab.expect(f"{FPS} < 5", within="8s")
    assert result.took_s is not None
    assert 1 < result.took_s < 8
    assert result.error_s is not None
    assert 0 < result.error_s < 3
    assert result.seen == {FPS: 1}


def test_before_without_a_baseline(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """`before` without a baseline is an error that names the call to make first."""
    show(apis["client1"], 30)
    with pytest.raises(WrongUse, match=r'`before` needs a baseline: call lab\.baseline\("5s"\) first$'):
        lab.expect(f"{FPS} > 80% of before", within="5s")


def test_failed(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """A failure is an AssertionError with the expectation and the numbers seen."""
    show(apis["client1"], 30)
    with pytest.raises(AssertionError) as caught:
        lab.expect(f"{FPS} < 5")
    assert isinstance(caught.value, ExpectationFailed)
    assert str(caught.value) == f"expect {FPS} < 5: {FPS} = 30 fps"


@pytest.mark.parametrize(("idle", "waiting"), [(0, 0), (500, 1_900_000)])
def test_inconclusive(
    idle: int, waiting: int, lab: Lab, apis: dict[str, FakeClientApi], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed expectation on a busy machine is inconclusive; one that holds, holds."""
    readings = iter([Busy(0, 0, 0, 0, 0), Busy(0, 0, 0, 0, 0), Busy(2, 1000, idle, 0, waiting)])
    monkeypatch.setattr(expectations, "read_busy", lambda engine, container: next(readings))
    show(apis["client1"], 30)
    lab.expect(f"{FPS} > 5", within="3s")
    with pytest.raises(Inconclusive, match=f"^expect {FPS} < 5: {FPS} = 30 fps; inconclusive: the machine was"):
        lab.expect(f"{FPS} < 5")


def test_a_late_forwarder(lab: Lab, apis: dict[str, FakeClientApi], monkeypatch: pytest.MonkeyPatch) -> None:
    """A late forwarder of any client makes a failure inconclusive, but not if it was late before the expectation."""
    show(apis["client1"], 30)
    state = apis["client2"].state()
    late = replace(state, lateness={"egress": {"packets": 10.0, "p50_ms": 80.0, "p99_ms": 90.0}})
    monkeypatch.setattr(apis["client2"], "state", lambda: late)
    with pytest.raises(Inconclusive, match=r"client2: the forwarder was too slow: .* in 100% of all seconds"):
        lab.expect(f"{FPS} < 5", within="4s")
    monkeypatch.setattr(apis["client2"], "state", lambda: state)
    lab.expect(f"{FPS} > 5", for_="2s")
    with pytest.raises(ExpectationFailed) as caught:
        lab.expect(f"{FPS} < 5", within="1s")
    assert not isinstance(caught.value, Inconclusive)


def test_never(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """It must never hold; the first sample for which it does ends it."""
    show(apis["client1"], 30)
    assert lab.never(f"{FPS} < 5", for_="1s").took_s is None
    show(apis["client1"], 1)
    with pytest.raises(ExpectationFailed, match=f"never {FPS} < 5 for 60s: it held after"):
        lab.never(f"{FPS} < 5", for_="1min")


def test_recovers_to_what_was_before(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """A baseline gives `before`; the time to recover is returned."""
    show(apis["client1"], 20)
    lab.baseline("1s")
    show(apis["client1"], 15)
    result = lab.recovers(f"{FPS} > 50% of before", within="5s", for_="1s")
    assert result.took_s is not None
    assert result.seen[f"before.{FPS}"] == 20


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cleint1.video.client2.fps < 5", "no client 'cleint1'; did you mean client1?"),
        ("client1.video.client2.fp < 5", "no such number 'client1.video.client2.fp'; did you mean fps?"),
        ("bot.egress.rate > 1mbit", "'bot' is a group; name one of its clients: bot-1, bot-2"),
        ("client1.video.client2.fps", "'client1.video.client2.fps' is not a condition"),
    ],
)
def test_mistakes(expression: str, expected: str, lab: Lab) -> None:
    """Mistakes are reported at once, before waiting."""
    with pytest.raises(WrongUse) as caught:
        lab.expect(expression, within="1h")
    assert caught.value.message.startswith(f"expect {expression!r}: {expected}")


@pytest.mark.parametrize("times", [{"within": "soon"}, {"for_": "5"}])
def test_times(times: dict[str, str], lab: Lab) -> None:
    """Times need units, as everywhere."""
    with pytest.raises(WrongUse, match=next(iter(times))):
        lab.expect(f"{FPS} < 5", **times)


def test_nobody_is_asked_after_the_end(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """Sampling stops when the lab is closed."""
    before = set(threading.enumerate())
    show(apis["client1"], 30)
    lab.expect(f"{FPS} > 5", within="3s")
    lab.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "sampler" and thread not in before]


def test_nobody_is_asked_when_nothing_is_expected(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a long time without expectations, sampling pauses; the next expectation resumes it."""
    asked: list[float] = []

    class Counting(FakeClientApi):
        def state(self) -> ClientState:
            asked.append(time.monotonic())
            return super().state()

    monkeypatch.setattr(expectations, "KEPT_NS", 1_300_000_000)
    backend = Backend(lab.backend.engine, lambda container: Counting(container.client))
    with Lab.attach("call", backend) as counted:
        counted.expect("client1.egress.packets_in >= 0", within="3s")
        last_s = time.monotonic()
        time.sleep(3.2)
        assert [at_s - last_s for at_s in asked if at_s > last_s + 2] == []
        counted.expect("client1.egress.packets_in >= 0", within="3s")
        assert asked[-1] > last_s + 3.2


def test_known_names(lab: Lab) -> None:
    """The names come from the stack of a lab we brought up, and from the containers of one we attached to."""
    assert known_of(lab) == Known(("client1", "client2", "bot-1", "bot-2"), ("bot",))
    stack = read_stack("call")
    assert known_of(lab, stack) == Known.of(stack)


@pytest.mark.issue(11)
def test_a_conditioned_server() -> None:
    """A conditioned server's links can be judged by its name; it is no participant, and has no application numbers."""

    class Linked(FakeClientApi):
        def stats(self, judged: bool = False) -> Stats:
            assert judged  # no pictures are taken meanwhile
            asked.append(self.name)
            return super().stats(judged)

    asked: list[str] = []
    members = [fake_container("call", "client1"), fake_companion("call", "turn")]
    with Lab.attach("call", Backend(FakeEngine(members), lambda container: Linked(container.client))) as lab:
        assert known_of(lab) == Known(("client1",), conditioned=("turn",))
        assert [client.name for client in lab.participants] == ["client1"]
        assert lab.expect("turn.egress.packets_in >= 0", within="3s").seen == {"turn.egress.packets_in": 0.0}
    assert set(asked) == {"client1"}
