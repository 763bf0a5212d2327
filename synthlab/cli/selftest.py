"""Whether conditioning works on this machine: two clients, and what their network does beside what it was told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..contract import SYNTHETICNET
from ..control.backend import Backend
from ..control.container_lookup import find_member
from ..control.running_lab import RunningLab
from ..deploy.launch import launched
from ..engine.api import EngineApi, OnLine
from ..engine.guest import probe
from ..errors import ExpectationFailed, SynthlabError
from ..stack import Client, Stack
from ..text.progress import Progress
from .console import Table

LAB = "selftest"
SENDER, RECEIVER = "client1", "client2"
START_TIMEOUT_S = 60
TTL_S = 600  # what is killed halfway goes by itself
ATTEMPTS = 3  # a machine that is busy for a moment is not one on which conditioning is wrong
PORT = 5000
LATENCY_MS, LOSS, RATE_BPS = 40.0, 0.10, 2_000_000.0
SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Datagrams of `size` octets of payload, sent at an even pace."""

    count: int
    per_second: int
    size: int


# 10 % of 2000 has a standard deviation of 0.7 %; twice the rate of the bottleneck keeps that busy.
QUIET = Stream(count=300, per_second=600, size=100)
MANY = Stream(count=2000, per_second=1000, size=100)
HEAVY = Stream(count=960, per_second=480, size=1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One value, configured and achieved, in its unit; `achieved` is None where nothing was measured."""

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
    """Bring the two clients up, measure them, and take them down whatever happens.

    Where a value is off, all are measured again, `ATTEMPTS` times in all: what is wrong with a machine stays wrong.
    """
    clients = [Client(name=name, group=name, app="selftest", image=SYNTHETICNET) for name in (SENDER, RECEIVER)]
    stack = Stack(name=LAB, file="selftest", sfu=None, clients=tuple(clients))
    with launched(stack, backend.engine, progress, START_TIMEOUT_S, TTL_S):
        for _ in range(ATTEMPTS):
            checks = _measure(backend, progress)
            if all(check.ok for check in checks):
                break
        return checks


def judge(checks: Sequence[Check]) -> None:
    """Raise ExpectationFailed that names what is off."""
    wrong = [check.value for check in checks if not check.ok]
    if wrong:
        raise ExpectationFailed(f"conditioning is not right on this machine: {', '.join(wrong)}")


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
    name, containers = backend.members(LAB)
    ids = {client: find_member(name, containers, client).id for client in (SENDER, RECEIVER)}
    address = find_member(name, containers, RECEIVER).address
    lab = RunningLab.named(backend, LAB)

    def measure(stream: Stream, **conditions: str) -> dict[str, Any]:
        progress(f"measuring {', '.join(conditions.values()) or 'a perfect network'}")
        lab.reset(lab.find([RECEIVER]), perfect=True)
        lab.change(lab.find([RECEIVER]), {"ingress": conditions, "seed": SEED})
        return _run(backend.engine, ids[SENDER], ids[RECEIVER], address, stream)

    perfect = measure(QUIET)
    late = measure(MANY, latency=f"{LATENCY_MS:g}ms", loss=f"{LOSS:.0%}")
    slow = measure(HEAVY, rate=f"{RATE_BPS:.0f}bit")
    return judged(perfect, late, slow)


def judged(perfect: dict[str, Any], late: dict[str, Any], slow: dict[str, Any]) -> list[Check]:
    """What was received on a perfect network, with latency and loss, and with a rate, as checks."""
    lost = 1 - late["received"] / MANY.count if late["received"] else None
    rate = slow["rate_bps"]
    return [
        Check(value="latency, none", unit="ms", configured=0, achieved=perfect["delay_p50_ms"], tolerance=5),
        Check(value="latency", unit="ms", configured=LATENCY_MS, achieved=late["delay_p50_ms"], tolerance=5),
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


def _run(engine: EngineApi, sender: str, receiver: str, address: str, stream: Stream) -> dict[str, Any]:
    """What the receiver tells of a stream."""
    listening = threading.Event()

    def on_line(line: str) -> None:
        if line == "listening":
            listening.set()

    with ThreadPoolExecutor(max_workers=1) as pool:
        sink = pool.submit(_probe, engine, receiver, on_line, "sink", PORT, START_TIMEOUT_S / 4)
        if listening.wait(START_TIMEOUT_S / 4):
            sent = (stream.count, stream.per_second, stream.size)
            _probe(engine, sender, lambda line: None, "send", address, PORT, *sent)
        return sink.result()


def _probe(engine: EngineApi, container: str, on_line: OnLine, *arguments: object) -> dict[str, Any]:
    command = ["python3", "-", *map(str, arguments)]
    text = Path(probe.__file__).read_text(encoding="utf-8")
    finished = engine.run_inside(container, command, text=text, on_line=on_line, timeout_s=START_TIMEOUT_S)
    if finished.status != 0:
        raise SynthlabError("the traffic inside the clients failed", finished.tail[-3:])
    result: dict[str, Any] = json.loads(finished.tail[-1])
    return result
