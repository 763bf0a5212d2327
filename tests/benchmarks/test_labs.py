"""Measurements in labs: what is sent, who is served in time, and what happens without an engine."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack
from itertools import pairwise

import pytest

from benchmarks.aside import aside
from benchmarks.datagram import Passed
from benchmarks.errors import Failed
from benchmarks.exchange import Exchange, schedule
from benchmarks.lab_bed import LabBed
from benchmarks.measurements import Crowd
from benchmarks.measurements.crowd import holds, p99_ms
from benchmarks.measurements.disturbed_delay import split
from benchmarks.session import measure

pytestmark = pytest.mark.issue(16)

MS = 10**6


def exchange(*delays_ms: float, lost: int = 0) -> Exchange:
    left, right = socket.socketpair()
    left.close()
    right.close()
    return Exchange((left, right), len(delays_ms) + lost, list(delays_ms))


def test_each_end_sends_evenly_in_a_phase_of_its_own() -> None:
    """250 a second from each of six ends: gaps of 4 ms within an end, and no two ends at the same time."""
    rows = schedule(3, 250, 2.0)
    assert rows == sorted(rows)
    assert rows == schedule(3, 250, 2.0)
    times = {(client, end): [at for at, c, e in rows if (c, e) == (client, end)] for _, client, end in rows}
    assert len(times) == 6
    for own in times.values():
        assert len(own) == 500
        assert {after - before for before, after in pairwise(own)} == {4 * MS}
    assert len({own[0] for own in times.values()}) == 6


def test_a_client_holds_if_99_of_100_are_in_time() -> None:
    """What was lost was not in time, nor what took the limit itself longer than the latency."""
    assert holds(exchange(*[21.9] * 99, 30.0), 20)
    assert not holds(exchange(*[21.9] * 98, 30.0, 30.0), 20)
    assert holds(exchange(*[21.9] * 99, lost=1), 20)
    assert not holds(exchange(*[21.9] * 98, lost=2), 20)
    assert not holds(exchange(*[22.0] * 100), 20)
    assert not holds(exchange(), 20)


def test_the_percentile_is_of_what_was_added() -> None:
    """Less the latency that was set; a client that got nothing has none."""
    assert p99_ms(exchange(*[20.5] * 99, 90.0), 20) == 0.5
    with pytest.raises(Failed, match="no datagram of a client arrived"):
        p99_ms(exchange(lost=5), 20)


def test_only_what_was_under_way_is_disturbed() -> None:
    """What left up to a latency before the change began counts to it, what had arrived well before is undisturbed."""
    begin, end = 10_000 * MS, 10_500 * MS
    departures = [Passed(n, at * MS) for n, at in enumerate((8_000, 9_000, 9_955, 9_970, 9_985, 10_499, 10_500))]
    calm, busy = split(departures, begin, end)
    assert [one.number for one in calm] == [1, 2]
    assert [one.number for one in busy] == [4, 5]


def test_work_aside_returns_its_result() -> None:
    """From another process; one that fails has no result but a reason, also if it was killed."""
    with aside(lambda: [1, 2]) as result:
        assert result() == [1, 2]
    with aside(lambda: os.kill(os.getpid(), signal.SIGKILL)) as killed, pytest.raises(Failed, match="it was killed"):
        killed()
    with aside(lambda: 1 // 0) as result, pytest.raises(Failed, match="that sends: ZeroDivisionError"):
        result()


def test_without_an_engine_the_row_fails_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not left out: it has no values, and names what did not answer."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with ExitStack() as cleanup:
        record = measure(LabBed(cleanup, Crowd().stack), Crowd(), ["forwarder"], 1, lambda line: None)
    assert record.runs == {}
    assert len(record.failures) == 1
    assert "docker" in record.failures[0].lower()
