"""What is expected of a running lab from code, decided on samples of fake clients."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from synthlab import ExpectationFailed, Inconclusive, Lab, WrongUse
from synthlab.control.backend import Backend
from synthlab.control.state import ClientState
from synthlab.control.webrtc_stats import Numbers
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
    api.answered_numbers = {"values": {"video": {"client2": {"fps": fps}}}, "age_s": {"video": 0.1}}


def test_expect(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """It is waited for; when it began to hold is told with the sampling error."""
    show(apis["client1"], 30)
    threading.Timer(1.2, show, (apis["client1"], 1)).start()
    ruling = lab.expect(f"{FPS} < 5", within="8s")
    assert ruling.took_s is not None
    assert 1 < ruling.took_s < 8
    assert ruling.error_s is not None
    assert 0 < ruling.error_s < 3
    assert ruling.seen == {FPS: 1}


def test_before_without_a_baseline(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """Nothing can be judged by what was never measured: what must be called first is told."""
    show(apis["client1"], 30)
    with pytest.raises(WrongUse, match=r'there is no baseline yet: call lab\.baseline\("5s"\) first$'):
        lab.expect(f"{FPS} > 80% of before", within="5s")


def test_failed(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """A failure is an AssertionError that says what was expected, and what was seen."""
    show(apis["client1"], 30)
    with pytest.raises(AssertionError) as caught:
        lab.expect(f"{FPS} < 5")
    assert isinstance(caught.value, ExpectationFailed)
    assert str(caught.value) == f"expect {FPS} < 5: {FPS} = 30 fps"


@pytest.mark.parametrize(("idle", "waiting"), [(0, 0), (500, 1_900_000)])
def test_inconclusive(
    idle: int, waiting: int, lab: Lab, apis: dict[str, FakeClientApi], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What did not hold while the machine was too busy says so; what held, held."""
    readings = iter([Busy(0, 0, 0, 0, 0), Busy(0, 0, 0, 0, 0), Busy(2, 1000, idle, 0, waiting)])
    monkeypatch.setattr(expectations, "read_busy", lambda engine, container: next(readings))
    show(apis["client1"], 30)
    lab.expect(f"{FPS} > 5", within="3s")
    with pytest.raises(Inconclusive, match=f"^expect {FPS} < 5: {FPS} = 30 fps; but this says little: the machine was"):
        lab.expect(f"{FPS} < 5")


def test_a_late_forwarder(lab: Lab, apis: dict[str, FakeClientApi], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of any client makes a failure inconclusive: what it did before that was asked does not."""
    show(apis["client1"], 30)
    state = apis["client2"].state()
    late = replace(state, lateness={"egress": {"packets": 10.0, "p50_ms": 80.0, "p99_ms": 90.0}})
    monkeypatch.setattr(apis["client2"], "state", lambda: late)
    with pytest.raises(Inconclusive, match="client2: its forwarder was too slow: in 100% of the seconds"):
        lab.expect(f"{FPS} < 5", within="4s")
    monkeypatch.setattr(apis["client2"], "state", lambda: state)
    lab.expect(f"{FPS} > 5", for_="2s")
    with pytest.raises(ExpectationFailed) as caught:
        lab.expect(f"{FPS} < 5", within="1s")
    assert not isinstance(caught.value, Inconclusive)


def test_never(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """It must not hold at any time; the first sample that it holds of ends it."""
    show(apis["client1"], 30)
    assert lab.never(f"{FPS} < 5", for_="1s").took_s is None
    show(apis["client1"], 1)
    with pytest.raises(ExpectationFailed, match=f"never {FPS} < 5 for 60s: it held after"):
        lab.never(f"{FPS} < 5", for_="1min")


def test_recovers_to_what_was_before(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """A baseline is what `before` means; the time to recover comes back."""
    show(apis["client1"], 20)
    lab.baseline("1s")
    show(apis["client1"], 15)
    ruling = lab.recovers(f"{FPS} > 50% of before", within="5s", for_="1s")
    assert ruling.took_s is not None
    assert ruling.seen[f"before.{FPS}"] == 20


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("cleint1.video.client2.fps < 5", "no client 'cleint1'; did you mean client1?"),
        ("client1.video.client2.fp < 5", "no such number 'client1.video.client2.fp'; did you mean fps?"),
        ("bot.egress.rate > 1mbit", "'bot' is a group: a number is of one client, of bot-1, bot-2"),
        ("client1.video.client2.fps", "'client1.video.client2.fps' says nothing that can be true"),
    ],
)
def test_mistakes(expression: str, told: str, lab: Lab) -> None:
    """Told at once, before anything is waited for."""
    with pytest.raises(WrongUse) as caught:
        lab.expect(expression, within="1h")
    assert caught.value.message.startswith(f"expect {expression!r}: {told}")


@pytest.mark.parametrize("times", [{"within": "soon"}, {"for_": "5"}])
def test_times(times: dict[str, str], lab: Lab) -> None:
    """Times have units, as everywhere."""
    with pytest.raises(WrongUse, match=next(iter(times))):
        lab.expect(f"{FPS} < 5", **times)


def test_nobody_is_asked_after_the_end(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """The lab's samples end with it."""
    before = set(threading.enumerate())
    show(apis["client1"], 30)
    lab.expect(f"{FPS} > 5", within="3s")
    lab.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "sampler" and thread not in before]


def test_nobody_is_asked_when_nothing_is_expected(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """For long, that is; the next expectation has samples taken again."""
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
    """Of a lab that was attached to its containers tell the names; of one that was brought up, its stack."""
    assert known_of(lab) == Known(("client1", "client2", "bot-1", "bot-2"), ("bot",), sfu_metrics=False)
    stack = read_stack("call")
    assert known_of(lab, stack) == Known.of(stack)


@pytest.mark.issue(11)
def test_a_conditioned_server() -> None:
    """Its links are judged by its name; it is no participant, and is asked for no numbers of an application."""

    class Linked(FakeClientApi):
        def numbers(self) -> Numbers:
            asked.append(self.name)
            return super().numbers()

    asked: list[str] = []
    members = [fake_container("call", "client1"), fake_companion("call", "turn")]
    with Lab.attach("call", Backend(FakeEngine(members), lambda container: Linked(container.client))) as lab:
        assert known_of(lab) == Known(("client1",), conditioned=("turn",), sfu_metrics=False)
        assert [client.name for client in lab.participants] == ["client1"]
        assert lab.expect("turn.egress.packets_in >= 0", within="3s").seen == {"turn.egress.packets_in": 0.0}
    assert set(asked) == {"client1"}
