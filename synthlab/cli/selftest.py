"""Checks that conditions work on this machine: measures the network between two clients against its conditions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from syntheticnet.conditions import RATE

from ..contract import SYNTHETICNET
from ..control.backend import Backend
from ..control.running_lab import RunningLab
from ..deploy.launch import launched
from ..engine.api import EngineApi
from ..engine.containers import Container
from ..engine.guest.traffic_source import DATAGRAM
from ..errors import ExpectationFailed, SynthlabError
from ..runner.traffic import start_traffic
from ..scenario.actions import Traffic
from ..stack import Stack, StackClient
from ..text.durations import ns_of
from ..text.progress import Progress
from .console import Table

LAB = "selftest"
SENDER, RECEIVER = "client1", "client2"
START_TIMEOUT_S = 60
TTL_S = 600  # removes the lab if the selftest is killed
ATTEMPTS = 3  # a machine that is busy for a moment must not fail
LINGER_S = 0.5  # longer than the latency and the queue at the bottleneck
LATENCY_MS, LOSS, RATE_BPS = 40.0, 0.10, 2_000_000.0
SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeStream:
    """Datagrams sent at a constant rate."""

    count: int
    per_second: int


# 10 % loss of 2000 packets has a standard deviation of 0.7 %. HEAVY is twice the bottleneck's rate, to saturate it.
QUIET = ProbeStream(count=300, per_second=600)
MANY = ProbeStream(count=2000, per_second=1000)
HEAVY = ProbeStream(count=800, per_second=400)


class Received(NamedTuple):
    """A stream as received: payload bytes, median delay, and rate in frame bits."""

    sent_bytes: int
    bytes: int
    delay_p50_ms: float | None
    rate_bps: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One value, configured and achieved, in its unit; `achieved` is None if nothing was measured."""

    value: str
    unit: str
    configured: float
    achieved: float | None
    tolerance: float

    @property
    def ok(self) -> bool:
        return self.achieved is not None and abs(self.achieved - self.configured) <= self.tolerance

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ok": self.ok}


def run_selftest(backend: Backend, progress: Progress) -> list[Check]:
    """Start two clients, measure them, and remove them in any case.

    If a value is off, everything is measured again, up to `ATTEMPTS` times: a real fault shows every time.
    """
    clients = [StackClient(name=name, group=name, app="selftest", image=SYNTHETICNET) for name in (SENDER, RECEIVER)]
    stack = Stack(name=LAB, file="selftest", sfu=None, clients=tuple(clients))
    with launched(stack, backend.engine, progress, START_TIMEOUT_S, TTL_S):
        for _ in range(ATTEMPTS):
            checks = _measure(backend, progress)
            if all(check.ok for check in checks):
                break
        return checks


def judge(checks: Sequence[Check]) -> None:
    """Raise ExpectationFailed naming the values that are off."""
    wrong = [check.value for check in checks if not check.ok]
    if wrong:
        raise ExpectationFailed(f"conditions are inaccurate on this machine: {', '.join(wrong)}")


def selftest_table(checks: Sequence[Check]) -> Table:
    rows = [
        (
            check.value,
            f"{check.configured:g} {check.unit}",
            "no data" if check.achieved is None else f"{check.achieved:.2f} {check.unit}",
            f"± {check.tolerance:g} {check.unit}",
            "ok" if check.ok else "WRONG",
        )
        for check in checks
    ]
    return Table(("value", "configured", "achieved", "tolerance", "verdict"), rows)


def _measure(backend: Backend, progress: Progress) -> list[Check]:
    lab = RunningLab.named(backend, LAB)

    def measure(stream: ProbeStream, **conditions: str) -> Received:
        progress(f"measuring {', '.join(conditions.values()) or 'a perfect network'}")
        lab.reset(lab.find([RECEIVER]), perfect=True)
        lab.change(lab.find([RECEIVER]), {"ingress": conditions, "seed": SEED})
        return send(backend.engine, lab.members, stream)

    perfect = measure(QUIET)
    late = measure(MANY, latency=f"{LATENCY_MS:g}ms", loss=f"{LOSS:.0%}")
    slow = measure(HEAVY, rate=RATE.format(RATE_BPS))
    return judged(perfect, late, slow)


def judged(perfect: Received, late: Received, slow: Received) -> list[Check]:
    """Checks of what was received on a perfect network, with latency and loss, and with a rate limit."""
    lost = 1 - late.bytes / late.sent_bytes if late.bytes else None
    rate = slow.rate_bps
    return [
        Check(value="latency, none", unit="ms", configured=0, achieved=perfect.delay_p50_ms, tolerance=5),
        Check(value="latency", unit="ms", configured=LATENCY_MS, achieved=late.delay_p50_ms, tolerance=5),
        Check(
            value="loss", unit="%", configured=100 * LOSS, achieved=None if lost is None else 100 * lost, tolerance=2
        ),
        Check(
            value="rate",
            unit="kbit/s",
            configured=RATE_BPS / 1000,
            achieved=None if rate is None else rate / 1000,
            tolerance=0.05 * RATE_BPS / 1000,
        ),
    ]


def send(engine: EngineApi, members: Sequence[Container], stream: ProbeStream) -> Received:
    """Send a stream; returns what was received, packets still in flight at its end included."""
    rate_bps, for_s = stream.per_second * DATAGRAM * 8.0, stream.count / stream.per_second
    traffic = Traffic(client=SENDER, target=RECEIVER, protocol="udp", rate_bps=rate_bps, for_ns=ns_of(for_s))
    running = start_traffic(engine, traffic, members)
    try:
        time.sleep(for_s + LINGER_S)
    finally:
        running.stop()
    if error := running.error():
        raise SynthlabError("sending traffic between the clients failed", [error])
    return Received(running.sent or 0, running.received or 0, running.delay_p50_ms, running.rate_bps)
