"""Realistic records of runs: the measurements of a lab, from a seeded model of a call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from random import Random

from synthlab.scenario.expression import Value
from synthlab.scenario.record import Configured, Judged, Limit, Line, Played, Record, Series

BITTEN, MENDED, LASTED = 16.0, 26.0, 45.0
FILE = "dog-chews-fiber.yaml"
EXPECTED = "client1.video.client2"


@cache
def dog(names: tuple[str, ...] = ("client1", "client2", "bot-1", "bot-2")) -> Record:
    """A dog chews the fiber of client2 from 16 s to 26 s; client1 loses its video, and sees it again after 4 s."""
    return Record(
        scenario="dog-chews-fiber",
        file=FILE,
        stack="call.yaml",
        lab="call",
        about="A dog chews client2's fiber; the others stop receiving its video, and the call recovers.",
        seed=7,
        client_seeds={name: 1000 + number for number, name in enumerate(names)},
        facts={"synthlab": "0.2.0", "engine": "Docker 28.3.3, Compose 2.39.1", "kernel": "6.8.0-1031", "cores": "2"},
        started="2026-03-02T14:05:11.250Z",
        duration_s=LASTED,
        verdict="passed",
        reasons=("all 3 expectations held",),
        clients=names,
        baseline=(1.2, 6.2),
        steps=_steps(),
        judged=_judged(),
        configured=_configured(names),
        samples=_samples(names),
        evidence={"logs of client1": "evidence/client1.log", "picture of client1": "evidence/client1 at 20s.png"},
    )


def failed() -> Record:
    """The same run with a limit of 0.1 s for the recovery."""
    record = dog()
    judged = replace(
        record.judged[2],
        verdict="failed",
        within_s=0.1,
        took_s=None,
        error_s=None,
        decided_s=MENDED + 1.1,
        reason="did not hold within 0.1s: client1.video.client2.fps = 2.1, and 80% of before is 23.7",
        seen={f"{EXPECTED}.fps": 2.1},
        limit=_limit("fps", ">=", 23.7, 0.0, 1.2, 2.1),
    )
    return replace(
        record,
        verdict="failed",
        reasons=(f"{judged.place}: {judged.text}: {judged.reason}",),
        judged=(*record.judged[:2], judged),
    )


def inconclusive() -> Record:
    """A machine too slow to judge: the run ended before its last step."""
    record = dog()
    undecided = replace(
        record.judged[2], verdict="inconclusive", asked_s=None, decided_s=None, took_s=None, error_s=None, seen={}
    )
    unreached = replace(record.steps[4], began_s=None, ended_s=None)
    return replace(
        record,
        verdict="inconclusive",
        reasons=("client2's forwarder was late by 48 ms (p99; 5 ms at the most)", "3.1 s of CPU were stolen"),
        judged=(*record.judged[:2], replace(undecided, reason="the run had ended before")),
        steps=(*record.steps[:4], unreached),
    )


def written() -> Record:
    """The failed run with what its evidence adds: a picture, and lines of a console and a log."""
    lines = [
        Line(at_s=2.5, writer="client1", kind="console", text="info: joined"),
        Line(at_s=17.1, writer="client1", kind="console", text="error: <b>no frames</b> from client2", bad=True),
        *(Line(at_s=0.1 * at, writer="sfu", kind="log", text=f"keyframe {at}") for at in range(300)),
    ]
    evidence = {**dog().evidence, "screenshot 1 of client1": "evidence/screenshots/client1-1.png"}
    thumbnails = {"screenshot 1 of client1": "/9j/4AAQSkZJRg=="}
    return replace(failed(), lines=tuple(lines), thumbnails=thumbnails, evidence=evidence, collected_s=28.2)


def twelve() -> list[Record]:
    """Twelve runs at three rates: client1's frame rate recovers more slowly the lower the rate, and fails in three."""
    return [_varied(number) for number in range(12)]


def _varied(number: int) -> Record:
    rate, base = ("1mbit", "300kbit", "100kbit")[number % 3], dog()
    fails, doubtful = number in (5, 8, 11), number == 6
    record = failed() if fails else inconclusive() if doubtful else base
    pace = 0.55 if fails else 1 - 0.02 * number
    name = f"{EXPECTED}.fps"
    series = base.samples[name]
    values = [
        value * pace if isinstance(value, float) and at_s > MENDED else value
        for at_s, value in zip(series.times_s, series.values, strict=True)
    ]
    judged = [
        replace(one, took_s=round(one.took_s + 0.3 * number, 1)) if one.took_s and one.id == "5" else one
        for one in record.judged
    ]
    return replace(
        record,
        seed=7 + number,
        variables={"RATE": rate},
        judged=tuple(judged),
        samples={**base.samples, name: Series(times_s=series.times_s, values=values)},
    )


def crowd(count: int = 50) -> Record:
    """A call of this many clients, each receiving all others."""
    return dog(tuple(f"client{number}" for number in range(1, count + 1)))


def holed() -> Record:
    """Without client1's samples from 12 s to 22 s, as when its API hangs, and without any of bot-2."""
    record = dog()

    samples = {name: _holed(name, series) for name, series in record.samples.items()}
    return replace(record, samples=samples)


def _holed(name: str, series: Series) -> Series:
    pairs = zip(series.times_s, series.values, strict=True)
    kept = [(time, value) for time, value in pairs if not (name.startswith("client1.") and 12 < time < 22)]
    if name.startswith("bot-2."):
        kept = []
    return Series(times_s=[time for time, _ in kept], values=[value for _, value in kept])


def _steps() -> tuple[Played, ...]:
    at = f"{FILE}:%d"
    change = {"clients": ("client2",), "mark": "the dog chews"}
    return (
        _played("1", "expect", f"expect {EXPECTED}.fps >= 10 within 30s", at % 6, 0.0, 1.2),
        _played("2", "baseline", "baseline of 5s", at % 8, 1.2, 6.2),
        replace(
            _played("3", "set", "set client2: egress rate 100kbit, for 10s", at % 9, BITTEN, BITTEN + 0.003, **change),
            until_s=MENDED + 0.002,
        ),
        _played("4", "expect", f"expect {EXPECTED}.kbps < 50% of before within 5s", at % 13, 21.2, 21.9),
        _played("5", "recovers", f"recovers {EXPECTED}.fps >= 80% of before within 15s for 3s", at % 16, 26.2, 33.4),
    )


def _played(id: str, kind: str, text: str, place: str, planned_s: float, ended_s: float, **more: object) -> Played:
    began_s = planned_s + 0.0021 * int(id)
    times = {"planned_s": planned_s, "began_s": began_s, "ended_s": ended_s}
    return Played(id=id, kind=kind, text=text, place=place, **times, **more)  # type: ignore[arg-type]


def _judged() -> tuple[Judged, ...]:
    first, _, _, second, third = _steps()
    return (
        _held(first, within_s=30.0, took_s=1.2, seen={f"{EXPECTED}.fps": 24.0}, limit=_limit("fps", ">=", 10.0, 24.0)),
        _held(second, within_s=5.0, took_s=0.7, seen={f"{EXPECTED}.kbps": 96.4}, limit=SLOW),
        _held(
            third,
            within_s=15.0,
            for_s=3.0,
            took_s=4.2,
            seen={f"{EXPECTED}.fps": 28.9},
            limit=_limit("fps", ">=", 23.7, 28.9),
        ),
    )


def _limit(number: str, sign: str, limit: float, *values: float) -> Limit:
    name = f"{EXPECTED}.{number}"
    times_s = [0.5 * at for at in range(len(values))]
    return Limit(number=name, name=name, sign=sign, times_s=times_s, values=list(values), limits=[limit])


SLOW = Limit(
    number=f"{EXPECTED}.kbps",
    name=f"{EXPECTED}.kbps",
    sign="<",
    unit="bit/s",
    scale=1000.0,
    times_s=[0.2, 0.7],
    values=[840_000.0, 96_400.0],
    limits=[710_000.0],
)


def _held(step: Played, **more: object) -> Judged:
    where = {"id": step.id, "kind": step.kind, "text": step.text, "place": step.place, "asked_s": step.began_s}
    return Judged(**where, verdict="passed", reason="held", decided_s=step.ended_s, error_s=1.0, **more)  # type: ignore[arg-type]


def _configured(names: tuple[str, ...]) -> tuple[Configured, ...]:
    base = {"egress": {"latency": "20ms", "jitter": "5ms"}, "ingress": {"latency": "20ms"}}
    bitten = {**base, "egress": {**base["egress"], "rate": "100kbit", "queue": "200ms"}}
    entries = [Configured(at_s=0.0, client=name, conditions=base) for name in names]
    entries += [
        Configured(at_s=BITTEN + 0.003, client="client2", conditions=bitten),
        Configured(at_s=MENDED + 0.002, client="client2", conditions=base),
    ]
    return tuple(entries)


def _samples(names: tuple[str, ...]) -> dict[str, Series]:
    """One sample per second, with a small offset per client."""
    random = Random(7)
    counters: dict[str, float] = {}
    table: dict[str, tuple[list[float], list[Value]]] = {}
    for second in range(-3, math.ceil(LASTED) + 1):
        for number, name in enumerate(names):
            at_s = round(second + 0.07 * number % 0.9 + random.uniform(0, 0.01), 3)
            for key, value in _measured(name, names, at_s, random, counters).items():
                times, values = table.setdefault(f"{name}.{key}", ([], []))
                times.append(at_s)
                values.append(value)
    return {name: Series(times_s=times, values=values) for name, (times, values) in table.items()}


def _health(at_s: float) -> float:
    """The share of client2's video: from 1 down to what 100 kbit/s allow, and slowly up again."""
    if BITTEN <= at_s < MENDED:
        return max(0.05, math.exp(-(at_s - BITTEN)))
    return 1.0 if at_s < BITTEN else 1 - math.exp(-(at_s - MENDED) / 2)


def _measured(
    name: str, names: tuple[str, ...], at_s: float, random: Random, counters: dict[str, float]
) -> Mapping[str, Value]:
    sent = 1450 * (_health(at_s) if name == "client2" else 1) * random.uniform(0.93, 1.07)
    squeezed = name == "client2" and BITTEN <= at_s < MENDED
    numbers: dict[str, Value] = {"sent.video.kbps": round(sent, 1), "sent.video.fps": round(30 * min(1, sent / 900), 1)}
    for other in (other for other in names if other != name):
        health = _health(at_s) if other == "client2" else 1.0
        numbers[f"video.{other}.fps"] = round(min(30.0, 30 * health * random.uniform(0.95, 1.03)), 1)
        numbers[f"video.{other}.kbps"] = round(1400 * health * random.uniform(0.93, 1.07), 1)
        numbers[f"audio.{other}.kbps"] = round(32 * random.uniform(0.95, 1.05), 1)
    received = sum(value for key, value in numbers.items() if key.endswith("kbps") and isinstance(value, float)) - sent
    offered = 100_000.0 if squeezed else sent * 1000 * 1.06
    numbers |= _link("egress", offered, squeezed, name, random, counters)
    numbers |= _link("ingress", received * 1000 * 1.06, False, name, random, counters)
    return numbers


def _link(
    direction: str, rate_bps: float, squeezed: bool, name: str, random: Random, counters: dict[str, float]
) -> dict[str, Value]:
    queue_ms = 190 * random.uniform(0.9, 1) if squeezed else 0.0
    loss = random.uniform(0.1, 0.35) if squeezed else 0.0
    key = f"{name}.{direction}"
    counters[key] = counters.get(key, 0.0) + round(loss * 60)
    return {
        f"{direction}.rate": round(rate_bps, 1),
        f"{direction}.loss": round(loss, 4),
        f"{direction}.delay_p50": round(20.1 + queue_ms + random.uniform(-0.3, 0.3), 3),
        f"{direction}.delay_p99": round(25 + queue_ms * 1.05 + random.uniform(0, 1.5), 3),
        f"{direction}.queued": float(round(queue_ms / 12 + rate_bps / 9600 * 0.02)),
        f"{direction}.dropped.queue": counters[key],
        f"{direction}.packets": float(round(rate_bps / 9600)),
    }
