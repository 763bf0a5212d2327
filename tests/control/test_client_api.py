"""The HTTP client of a client's API, against a fake that validates like the API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import certifi
import httpx
import pytest

from synthlab.control.client_api import ChangeOptions, HttpClientApi
from synthlab.control.clock_sync import ClockSample
from synthlab.control.exec_tunnel import Answer
from synthlab.engine.lab_access import LabAccess
from synthlab.errors import SynthlabError, WrongUse
from synthlab.testing import FakeClientApi, FakeClock
from synthlab.text.durations import SECOND_NS

TIMES = {"x-synthlab-received-ns": "5", "x-synthlab-answered-ns": "6"}
seen: list[tuple[str, str, dict[str, str]]] = []


def serve(fake: FakeClientApi) -> Callable[[httpx.Request], httpx.Response]:
    """An HTTP API for a fake client."""

    def handle(request: httpx.Request) -> httpx.Response:
        act = request.method, request.url.path
        seen.append((*act, dict(request.url.params)))
        if act[1].startswith("/v1/files/"):
            fake.put_file(act[1].removeprefix("/v1/files/"), request.content.decode())
            return httpx.Response(200, json={"files": []})
        body = json.loads(request.content or b"{}")
        try:
            if act == ("PATCH", "/v1/conditions") and request.url.params.get("check") == "true":
                return httpx.Response(200, json={"state": fake.check(body).state.answer}, headers=TIMES)
            if act == ("PATCH", "/v1/conditions"):
                fake.change(body)
            elif act == ("PUT", "/v1/conditions"):
                fake.replace(body)
            elif act == ("DELETE", "/v1/conditions"):
                fake.reset()
            elif act == ("DELETE", "/v1/leases/7"):
                fake.release(7)
            elif act == ("GET", "/v1/clock"):
                return httpx.Response(200, json={"monotonic_ns": 5}, headers=TIMES)
            elif act == ("GET", "/v1/stats"):
                return httpx.Response(200, json=fake.answered_stats)
            elif act != ("GET", "/v1/state"):
                return httpx.Response(404, json={"error": "no such path"})
        except WrongUse as error:
            return httpx.Response(422, json={"error": error.message.removeprefix(f"{fake.name}: ")})
        except SynthlabError:
            return httpx.Response(503, json={"error": "the forwarder restarts"})
        return httpx.Response(200, json=fake.answer(), headers=TIMES)

    return handle


@pytest.fixture
def fake() -> FakeClientApi:
    return FakeClientApi("client2", {"egress": {"loss": "1%"}})


@pytest.fixture
def remote(fake: FakeClientApi) -> HttpClientApi:
    return HttpClientApi("client2", "http://127.0.0.1:3000", httpx.MockTransport(serve(fake)))


def test_change_and_reset(remote: HttpClientApi) -> None:
    """A change keeps other values; reset restores the startup conditions, replace sets all of them."""
    changed = remote.change({"egress": {"latency": "80ms"}})
    assert changed.conditions.to_dict() == {"egress": {"loss": "1%", "latency": "80ms"}}
    assert remote.state().conditions == changed.conditions
    assert remote.replace({}).conditions.perfect
    assert remote.reset().conditions.to_dict() == {"egress": {"loss": "1%"}}


def test_check_changes_nothing(remote: HttpClientApi, fake: FakeClientApi) -> None:
    """A check raises what the change would raise, and changes nothing."""
    remote.check({"egress": {"loss": "2%"}})
    assert fake.conditions == fake.startup
    with pytest.raises(WrongUse, match=r"^client2: egress\.loss: '120%' is not between 0% and 100%$"):
        remote.check({"egress": {"loss": "120%"}})


def test_terms(remote: HttpClientApi) -> None:
    """Options are sent as query parameters."""
    seen.clear()
    remote.change({}, ChangeOptions(at_ns=5, lease_ns=10 * SECOND_NS))
    observed = remote.check({}, ChangeOptions(after_ns=5 * SECOND_NS))
    assert observed.state.conditions_text == {"egress": {"loss": "1%"}}
    remote.replace({}, ChangeOptions(keep=True))
    remote.reset(ChangeOptions(at_ns=7))
    remote.release(7)
    assert seen == [
        ("PATCH", "/v1/conditions", {"at": "5", "lease": "10s"}),
        ("PATCH", "/v1/conditions", {"in": "5s", "check": "true"}),
        ("PUT", "/v1/conditions", {"keep": "true"}),
        ("DELETE", "/v1/conditions", {"at": "7"}),
        ("DELETE", "/v1/leases/7", {}),
    ]


def test_who_asks(remote: HttpClientApi) -> None:
    """All changes are signed, reads are not; the connection is shared, and the unsigned API stays unsigned."""
    seen.clear()
    signed = remote.signed("page")
    signed.change({})
    signed.check({})
    signed.replace({}, ChangeOptions(keep=True))
    signed.reset()
    signed.release(7)
    with pytest.raises(SynthlabError, match="no such path"):
        signed.renew(8, SECOND_NS)
    signed.state()
    remote.change({})
    assert seen == [
        ("PATCH", "/v1/conditions", {"by": "page"}),
        ("PATCH", "/v1/conditions", {"by": "page", "check": "true"}),
        ("PUT", "/v1/conditions", {"keep": "true", "by": "page"}),
        ("DELETE", "/v1/conditions", {"by": "page"}),
        ("DELETE", "/v1/leases/7", {"by": "page"}),
        ("PUT", "/v1/leases/8", {"for": "1s", "by": "page"}),
        ("GET", "/v1/state", {}),
        ("PATCH", "/v1/conditions", {}),
    ]
    assert signed._connection is remote._connection


def test_clock(fake: FakeClientApi) -> None:
    """The client's times come from its answer's headers, the host's are taken just before and after."""
    clock = FakeClock()
    remote = HttpClientApi("client2", "http://x", httpx.MockTransport(serve(fake)), clock=clock)
    sample = ClockSample(clock.now_ns(), 5, 6, clock.now_ns())
    assert [remote.clock(), remote.observe().clock, remote.check({}).clock] == [sample] * 3
    assert remote.observe().state.conditions == fake.startup


def test_an_answer_without_times() -> None:
    """An answer of another version is an error that names the version."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"monotonic_ns": 5, "version": "0.0.9"}))
    with pytest.raises(SynthlabError, match=r"client2 runs 0\.0\.9"):
        HttpClientApi("client2", "http://x", transport).clock()


def test_a_tunnel_is_started_before_its_clock_is_read(fake: FakeClientApi) -> None:
    """Its start would look like a slow network; requests that read no clock are sent alone."""

    class Tunnel:
        def __init__(self) -> None:
            self.asked: list[str] = []

        def ask(self, method: str, target: str, headers: Any, body: bytes, timeout_s: float) -> Answer:
            self.asked.append(target)
            return Answer(200, TIMES, json.dumps(fake.answer()).encode())

    tunnel: Any = Tunnel()
    for calls in (("clock", "observe"), ("state", "clock")):
        remote = HttpClientApi("client2", "http://x", relay=lambda: tunnel)
        for call in calls:
            getattr(remote, call)()
    assert tunnel.asked == ["/v1/clock", "/v1/clock", "/v1/state", "/v1/state", "/v1/clock"]


@pytest.mark.issue(14)
def test_tls_is_set_up_before_a_clock_is_read(fake: FakeClientApi) -> None:
    """Its handshake would look like a slow way there; it has happened once for all later requests."""
    seen.clear()
    access = LabAccess("token", certifi.contents())
    remote = HttpClientApi("client2", "https://x", httpx.MockTransport(serve(fake)), access=access)
    remote.clock()
    remote.observe()
    assert [path for _, path, _ in seen] == ["/v1/clock", "/v1/clock", "/v1/state"]


def test_files(remote: HttpClientApi, fake: FakeClientApi) -> None:
    """A file is sent unchanged."""
    remote.put_file("train.mahi", "# ä\n1\n")
    assert fake.files == {"train.mahi": "# ä\n1\n"}


def test_stats(remote: HttpClientApi, fake: FakeClientApi) -> None:
    """The stats are the API's, without outdated ones."""
    fake.answered_stats = {"values": {"video": {"client1": {"fps": 15.0}}}, "age_s": {"video": 0.4}}
    assert remote.stats().sees("client1")


def test_restarting_forwarder(remote: HttpClientApi, fake: FakeClientApi) -> None:
    """A client that cannot change now reports why; this is not wrong use."""
    fake.broken = True
    with pytest.raises(SynthlabError, match=r"^client2: the forwarder restarts$") as caught:
        remote.change({})
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("error", "answered_ns", "expected", "exit_code"),
    [
        (
            "at: is 6.3 s in the past; at most 1 s allowed",
            5 * SECOND_NS + 6_300_000_000,
            "client2: the change was 6.3 s late: this machine is too slow or too busy",
            3,
        ),
        ("at: is 3601 s ahead; at most 3600 s allowed", SECOND_NS, "client2: at: is 3601 s ahead; at most 3600 s", 2),
        ("egress.queue: has no effect", 60 * SECOND_NS, "client2: egress.queue: has no effect", 2),
    ],
)
def test_a_change_that_arrives_too_late(error: str, answered_ns: int, expected: str, exit_code: int) -> None:
    """The time was ours, so a late change is no wrong use: the machine was too slow. Other refusals are."""
    headers = {"x-synthlab-answered-ns": str(answered_ns)}
    transport = httpx.MockTransport(lambda _: httpx.Response(422, json={"error": error}, headers=headers))
    remote = HttpClientApi("client2", "http://x", transport)
    for ask in (remote.change, remote.replace, lambda _, options: remote.reset(options)):
        with pytest.raises(SynthlabError) as caught:
            ask({}, ChangeOptions(at_ns=5 * SECOND_NS))
        assert caught.value.message.startswith(expected)
        assert caught.value.exit_code == exit_code


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(200, text="<html>"), "client2: http://x is not a synthlab API"),
        (httpx.Response(200, json=[1]), "client2: http://x is not a synthlab API"),
        (httpx.Response(500, json={}), "client2: 500 Internal Server Error"),
        (httpx.ConnectError("refused"), "client2: its API at http://x does not answer: refused"),
        (httpx.ReadTimeout("slow"), "client2: its API at http://x does not answer within 5 s"),
    ],
)
def test_failures(answer: httpx.Response | Exception, expected: str) -> None:
    """Any failure on the network is one line with the client and its address."""

    def handle(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(SynthlabError) as caught:
        HttpClientApi("client2", "http://x", httpx.MockTransport(handle)).state()
    assert caught.value.message == expected


def test_container_that_does_not_run() -> None:
    """Without a published port there is no address, and the error points to `ps`."""
    with pytest.raises(SynthlabError, match="client2 has no API: its container is not running"):
        HttpClientApi("client2", None).state()


def test_close(remote: HttpClientApi) -> None:
    """After `close`, the next request connects again."""
    assert remote.clock().arrived == 5
    first = remote._connection._connected
    assert first is not None
    remote.close()
    assert first.is_closed
    assert remote.clock().arrived == 5


@pytest.mark.issue(10)
def test_threads_share_one_connection(fake: FakeClientApi) -> None:
    """The first requests of several threads open one HTTP client: a second one would never be closed."""
    connected: list[float] = []

    def relay() -> None:
        connected.append(time.monotonic())
        time.sleep(0.05)

    remote = HttpClientApi("client2", "http://client2", httpx.MockTransport(serve(fake)), relay)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: remote.clock(), range(4)))
    remote.close()
    assert len(connected) == 1
