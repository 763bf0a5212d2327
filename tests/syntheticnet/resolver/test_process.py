"""The resolver's process: real look-ups over UDP and TCP on loopback, with a name server of the test's own."""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from struct import unpack
from typing import Any

import pytest

from syntheticnet.heartbeat import Pulse
from syntheticnet.lookup_board import LookupBoard
from syntheticnet.resolver import process
from syntheticnet.resolver.process import ResolverWiring

from .name_server import ADDRESS, LONG, NameServer, name_server
from .queries import AAAA, Reply, query, read

pytestmark = pytest.mark.issue(17)

REAL = Reply(0, [ADDRESS], ttl=600)
PATIENCE_S = 5.0
SILENT_S = 0.3
COUNTED_S = 5.0


class Bench:
    """A resolver in a process of its own, as PID 1 forks it, before `server`."""

    def __init__(self, server: NameServer) -> None:
        self.server = server
        self.board, self.pulse = LookupBoard(), Pulse()
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", 0))
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.wiring = ResolverWiring(self.datagrams, self.listening, server.address, self.board, self.pulse)
        self.restarts = 0
        self._start()

    def _start(self) -> None:
        arguments = self.wiring, self.restarts
        self.process = multiprocessing.get_context("fork").Process(target=process.main, args=arguments, daemon=True)
        self.process.start()

    def set(self, dns: dict[str, Any]) -> None:
        """Put this in force, and wait until it is."""
        self.board.request(dns)
        self.until(lambda counts: list(counts["names"]) == list(dns))

    def until(self, reached: Any) -> dict[str, Any]:
        """What it reports, once that is so."""
        deadline = time.monotonic() + COUNTED_S
        while not (counts := self.board.published()) or not reached(counts):
            assert time.monotonic() < deadline, counts
            time.sleep(0.01)
        return counts

    def look_up(self, name: str, kind: int = 1, patience_s: float = PATIENCE_S) -> tuple[Reply, float]:
        """The answer over UDP, and how long it took; raises TimeoutError."""
        asked = query(name, kind)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.settimeout(patience_s)
            own.connect(self.datagrams.getsockname())
            began = time.monotonic()
            own.send(asked)
            return read(asked, own.recv(65535)), time.monotonic() - began

    def restart(self) -> None:
        self.stop()
        self.restarts += 1
        self._start()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()

    def close(self) -> None:
        self.stop()
        for one in (self.datagrams, self.listening, self.board, self.pulse):
            one.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Bench]:
    with ExitStack() as stack:
        bench = Bench(stack.enter_context(name_server()))
        stack.callback(bench.close)
        yield bench


@pytest.fixture
def bench(running: Bench) -> Bench:
    running.set({})
    running.server.asked.clear()
    return running


def test_without_conditions(bench: Bench) -> None:
    """Queries and answers pass as they are."""
    assert bench.look_up("app.example")[0] == REAL
    assert bench.server.asked == [query("app.example")]


def test_strange_messages_pass(bench: Bench) -> None:
    """What is no question for a name is the name server's business, even where `*` has conditions."""
    bench.set({"*": {"answer": "nxdomain"}})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.sendto(b"\1\2strange", bench.datagrams.getsockname())
        deadline = time.monotonic() + PATIENCE_S
        while not bench.server.asked:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert bench.server.asked == [b"\1\2strange"]


@pytest.mark.parametrize(
    ("answer", "kind", "expected"),
    [
        ("nxdomain", 1, Reply(3, [])),
        ("servfail", 1, Reply(2, [])),
        ("10.0.0.9, 10.0.0.8", 1, Reply(0, ["10.0.0.9", "10.0.0.8"])),
        ("10.0.0.9, fd00::9", AAAA, Reply(0, ["fd00::9"])),
        ("10.0.0.9", AAAA, Reply(0, [])),
    ],
)
def test_answers(bench: Bench, answer: str, kind: int, expected: Reply) -> None:
    """The name server is not asked; other names are not affected."""
    bench.set({"turn.example": {"answer": answer}})
    assert bench.look_up("TURN.example", kind)[0] == expected
    assert bench.server.asked == []
    assert bench.look_up("www.turn.example")[0] == REAL


@pytest.mark.parametrize("kind", [1, AAAA])
@pytest.mark.parametrize("answer", [{}, {"answer": "nxdomain"}, {"answer": "10.0.0.9, fd00::9"}])
def test_delay(bench: Bench, kind: int, answer: dict[str, str]) -> None:
    """It adds to the time of real and of made-up answers, and holds up no other look-up."""
    bench.set({"slow.example": {"delay": "400ms", **answer}})
    _, took = bench.look_up("slow.example", kind)
    assert 0.4 <= took < 1.4
    _, others = bench.look_up("app.example", kind)
    assert others < 0.3


def test_delayed_look_ups_wait_side_by_side(bench: Bench) -> None:
    """Ten at once take as long as one."""
    bench.set({"*": {"delay": "400ms"}})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(PATIENCE_S)
        own.connect(bench.datagrams.getsockname())
        began = time.monotonic()
        for number in range(10):
            own.send(query(f"{number}.example", number=number))
        numbers = {own.recv(65535)[1] for _ in range(10)}
    assert numbers == set(range(10))
    assert 0.4 <= time.monotonic() - began < 1.4


def test_no_answer(bench: Bench) -> None:
    """`timeout` answers never, and asks nobody."""
    bench.set({"gone.example": {"answer": "timeout"}})
    with pytest.raises(TimeoutError):
        bench.look_up("gone.example", patience_s=SILENT_S)
    assert bench.server.asked == []


def test_over_tcp(bench: Bench) -> None:
    """Several queries on one connection are answered; a big answer arrives whole."""
    bench.set({"turn.example": {"answer": "nxdomain", "delay": "300ms"}})
    found = {}
    with socket.create_connection(bench.listening.getsockname(), PATIENCE_S) as own:
        began = time.monotonic()
        asked = {1: query("turn.example", number=1), 2: query("app.example", number=2)}
        own.sendall(b"".join(len(one).to_bytes(2, "big") + one for one in asked.values()))
        stream = own.makefile("rb")
        for _ in range(2):
            message = stream.read(unpack("!H", stream.read(2))[0])
            found[message[1]] = (message, time.monotonic() - began)
    (fast, _), (slow, took) = found[2], found[1]
    assert read(asked[2], fast[:-LONG]) == REAL
    assert read(asked[1], slow).code == 3
    assert took >= 0.3
    assert list(found) == [2, 1]


def test_counts(bench: Bench) -> None:
    """Each look-up is counted once under its name, with everything that became of it; a removed name is forgotten."""
    before = bench.until(lambda counts: True)["lookups"]
    dns = {
        "a.example": {"delay": "1ms", "answer": "servfail"},
        "b.example": {"answer": "10.0.0.9"},
        "c.example": {"answer": "timeout"},
        "*": {"delay": "1ms"},
    }
    bench.set(dns)
    for name in ("a.example", "a.example", "b.example", "d.example"):
        bench.look_up(name)
    with pytest.raises(TimeoutError):
        bench.look_up("c.example", patience_s=SILENT_S)
    counts = bench.until(lambda counts: counts["lookups"] == before + 5)
    none = {"lookups": 0, "delayed": 0, "failed": 0, "unanswered": 0, "made_up": 0}
    assert counts["names"] == {
        "a.example": none | {"lookups": 2, "delayed": 2, "failed": 2},
        "b.example": none | {"lookups": 1, "made_up": 1},
        "c.example": none | {"lookups": 1, "unanswered": 1},
        "*": none | {"lookups": 1, "delayed": 1},
    }
    bench.set({"b.example": {"answer": "nxdomain"}})
    assert bench.until(lambda counts: list(counts["names"]) == ["b.example"])["names"]["b.example"]["made_up"] == 1
    bench.set({})


def test_a_restarted_resolver_goes_on(bench: Bench) -> None:
    """Conditions and counts outlive it, and a look-up that arrives meanwhile waits for the next one."""
    bench.set({"turn.example": {"answer": "nxdomain"}})
    bench.look_up("turn.example")
    bench.until(lambda counts: counts["names"]["turn.example"]["lookups"] == 1)
    bench.stop()
    asked = query("turn.example")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(PATIENCE_S)
        own.sendto(asked, bench.datagrams.getsockname())
        bench.restart()
        assert read(asked, own.recv(65535)).code == 3
    assert bench.until(lambda counts: counts["names"]["turn.example"]["failed"] == 2)["restarts"] == bench.restarts


def test_it_answers_heartbeats(bench: Bench) -> None:
    """From the loop that answers look-ups."""
    bench.pulse.answered()
    bench.pulse.ask({})
    deadline = time.monotonic() + PATIENCE_S
    while not bench.pulse.answered():
        assert time.monotonic() < deadline
        time.sleep(0.01)
