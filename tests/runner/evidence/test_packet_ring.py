"""The rolling capture of a client, as read by the host."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from synthlab.engine.containers import Container
from synthlab.errors import SynthlabError
from synthlab.runner.evidence.packet_ring import RingCapture
from synthlab.testing import fake_container

from ...standstill import Standstill
from .stub import REFUSES, RING, SILENT, Runner


def find() -> Container:
    return fake_container("call", "client1")


@contextmanager
def capturing(runner: Runner, find: Callable[[], Container] = find) -> Iterator[RingCapture]:
    with closing(RingCapture("client1", find, runner)) as capture:
        yield capture


def eventually(check: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def read(capture: RingCapture) -> bytes:
    """The capture's content, once it has started."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return capture.read()
        except SynthlabError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_marks_and_more_than_one_reading() -> None:
    """Marks are one line each, including those from before the start; reading removes nothing."""
    with capturing(Runner()) as capture:
        capture.mark("first")
        assert read(capture) == b"ring of call/client1\nmark first\n"
        capture.mark("two\nlines")
        assert read(capture) == b"ring of call/client1\nmark first\nmark two lines\n"


def test_a_mark_never_waits() -> None:
    """A program that reads nothing blocks nobody, even with a full pipe."""
    runner = Runner("import time; time.sleep(60)")
    with capturing(runner) as capture:
        eventually(lambda: bool(runner.processes))
        start = time.monotonic()
        with Standstill() as machine:
            for _ in range(1000):
                capture.mark("x" * 2000)
        assert time.monotonic() - start < 2 + machine.lost_s
        runner.processes[0].kill()


def test_a_mark_does_not_wait_for_a_reader() -> None:
    """Reading takes a while, and marks made meanwhile are kept."""
    runner = Runner(SILENT)
    with capturing(runner) as capture, ThreadPoolExecutor() as pool:
        eventually(lambda: bool(runner.processes))
        time.sleep(0.2)  # now it is known to have begun
        reading = pool.submit(result, capture, 60.0)
        eventually(reading.running)
        capture.mark("meanwhile")
        assert not reading.done()
        runner.processes[0].kill()


def test_closing_ends_the_program() -> None:
    """Closing ends its input; closing twice is fine. Reading afterwards is an error."""
    runner = Runner()
    with capturing(runner) as capture:
        read(capture)
        capture.close()
        capture.close()
        assert runner.processes[0].returncode == 0
        with pytest.raises(SynthlabError):
            capture.read()
    assert len(runner.processes) == 1


def test_a_program_that_does_not_answer() -> None:
    """After the timeout it is killed, and a new one is started."""
    runner = Runner(SILENT)
    with capturing(runner) as capture:
        eventually(lambda: result(capture) == "the capture cannot be read: it exited, or did not answer in time")
        runner.program = RING
        assert read(capture).startswith(b"ring of call/client1")


def result(capture: RingCapture, timeout_s: float = 0.2) -> str:
    with pytest.raises(SynthlabError) as caught:
        capture.read(timeout_s)
    return caught.value.message


@pytest.mark.parametrize("away", [0, 1])
def test_a_client_that_is_restarted_is_captured_anew(away: int) -> None:
    """The missing earlier packets are reported, even if the client is away for a while."""
    runner = Runner()
    looks: list[bool] = []

    def looked_for() -> Container:
        looks.append(True)
        if 1 < len(looks) <= 1 + away:
            raise SynthlabError("it is not running")
        return find()

    with capturing(runner, looked_for) as capture:
        read(capture)
        assert capture.problem == ""
        runner.processes[0].kill()
        eventually(lambda: len(runner.processes) == 2)
        assert read(capture) == b"ring of call/client1\n"
        assert capture.problem.startswith("the capture ended at ")


def test_what_hinders_it_is_reported() -> None:
    """The reason is the program's last line, or why there is no container."""
    with capturing(Runner(REFUSES)) as capture:
        eventually(lambda: "no forwarder is running here" in result(capture, 8.0))

    def absent() -> Container:
        raise SynthlabError("client1 is not running")

    with capturing(Runner(), absent) as capture:
        eventually(lambda: result(capture) == "client1 is not running")
