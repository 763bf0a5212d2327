"""Reads recordings that are text: traces of ours and Mahimahi's, CSV tables, JSON lists, and irtt's results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from syntheticnet.conditions import DIRECTIONS, RATE, read_delay_trace, read_rate_trace

from ...text.durations import SECOND_NS
from ..conditions_schema import fields_by_name
from ..csvtrace import read_csv
from .recording import MOST_S, LinkRecording, StepSeries, rate_of, steps_of

OPPORTUNITY_BITS = 1500 * 8  # mm-link(1)
_PAIR = 'a pair of seconds and a rate, such as [1.5, 2000000] or [1.5, "2mbit"]'
_MOST_BPS = 1e11

Rows = Sequence[tuple[float, Mapping[str, Any]]]
"""Seconds, and the values from then on."""


def read_lines(content: bytes, columns: int) -> LinkRecording:
    """A Mahimahi trace (one number per line) or a delay trace (two); raises ValueError."""
    if columns == 1:
        times = [time / 1000 for time in read_rate_trace(content).times_ms]
        rate = rate_of(times, (OPPORTUNITY_BITS for _ in times), times[-1])
        return LinkRecording(form="Mahimahi trace", rate=rate)
    trace = read_delay_trace(content)
    lasts_ns = trace.period_ns or SECOND_NS
    delays = [delay / 1e6 for delay in trace.delays_ns]
    return LinkRecording(
        form="delay trace", delay=StepSeries([time / 1e9 for time in trace.times_ns], delays, lasts_ns / 1e9)
    )


def read_table(text: str, direction: str | None) -> LinkRecording:
    """A table as `trace` steps play it, of which rate, outage and latency count; raises ValueError."""
    table = read_csv(text)
    has = [side for side in DIRECTIONS if any(side in change for _, change in table.rows)]
    side = direction or has[0]
    if side not in has:
        raise ValueError(f"has no column for {side}; it has {' and '.join(has)}")
    if direction is None and len(has) > 1 and any(change["ingress"] != change["egress"] for _, change in table.rows):
        raise ValueError("has other values for ingress than for egress; choose one with --direction")
    rows = [(at_ns / SECOND_NS, change.get(side, {})) for at_ns, change in table.rows]
    lasts_s = table.lasts_ns / SECOND_NS
    rate, delay = (_column(rows, names, lasts_s) for names in (("rate", "outage"), ("latency",)))
    if not (rate or delay):
        raise ValueError(f"has neither a rate nor a latency; add a column such as {side}.rate")
    return LinkRecording(form="CSV table", rate=rate, delay=delay)


def read_json(text: str, direction: str | None) -> LinkRecording:
    """A list of [seconds, rate] pairs, or the results of irtt; raises ValueError."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: is not JSON: {error.msg}") from None
    except RecursionError:
        raise ValueError("is nested too deeply; allowed: a list of pairs, or irtt's JSON") from None
    if isinstance(value, list):
        return LinkRecording(form="JSON list", rate=steps_of(_pairs(value)))
    if isinstance(value.get("round_trips"), list):
        return _of_irtt(value["round_trips"], direction)
    raise ValueError(f"is an object without irtt's `round_trips`; allowed: irtt's JSON, or a list of {_PAIR}")


def _column(rows: Rows, names: tuple[str, ...], lasts_s: float) -> StepSeries | None:
    """The steps of a value; times at which it is not set yet, or is unlimited, cannot be recorded."""
    if not any(values.get(name) is not None for _, values in rows for name in names):
        return None
    found = []
    for at_s, values in rows:
        if values.get("outage") is True and "outage" in names:
            found.append((at_s, 0.0))
            continue
        written = values.get(names[0])
        if written is None or written == "unlimited":
            raise ValueError(f"has no {names[0]} at {at_s:g} s; give every row one")
        parsed = fields_by_name()[names[0]].metadata["unit"].parse(written)
        found.append((at_s, parsed / 1e6 if names[0] == "latency" else parsed))
    return StepSeries([at for at, _ in found], [value for _, value in found], lasts_s)


def _pairs(entries: Sequence[Any]) -> list[tuple[float, float]]:
    if not entries:
        raise ValueError(f"is an empty list; allowed: a list of {_PAIR}")
    points: list[tuple[float, float]] = []
    for number, entry in enumerate(entries):
        try:
            time, rate = entry
            points.append((_number(time, MOST_S), _bps(rate)))
        except (TypeError, ValueError):
            raise ValueError(f"[{number}]: {json.dumps(entry)[:60]} is not {_PAIR}") from None
        if len(points) > 1 and points[-1][0] <= points[-2][0]:
            raise ValueError(f"[{number}]: {points[-1][0]:g} s must be later than the entry before it")
    return points


def _bps(rate: object) -> float:
    if isinstance(rate, str):
        return 0.0 if rate.strip().rstrip("kmgbit/s") == "0" else min(RATE.parse(rate), _MOST_BPS)
    return _number(rate, _MOST_BPS)


def _number(value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError
    return float(value)


def _of_irtt(trips: Sequence[Any], direction: str | None) -> LinkRecording:
    """irtt-client(1): `delay` has rtt, send and receive in ns; the last two compare the clocks of two machines."""
    key = {"egress": "send", "ingress": "receive", None: "rtt"}[direction]
    points: list[tuple[float, float]] = []
    for number, trip in enumerate(trips):
        where = f"round_trips[{number}]"
        try:
            if trip["lost"] != "false":
                continue
            time = trip["timestamps"]["client"]["send"]["monotonic"] / 1e9
            delay, whole = trip["delay"][key] / 1e6, trip["delay"]["rtt"] / 1e6
        except (TypeError, KeyError, AttributeError):
            raise ValueError(f"{where}: has no time of sending or no {key} delay, as irtt writes them") from None
        if not 0 <= delay <= whole:
            raise ValueError(
                f"{where}: the {key} delay of {delay:g} ms is not between 0 and the round trip of {whole:g} ms: "
                "the clocks differ; leave --direction out to take half of the round trip"
            )
        if not points or time > points[-1][0]:
            points.append((time, delay if direction else delay / 2))
    if not points:
        raise ValueError("has no round trip that was answered")
    note = "" if direction else "one way is taken as half of the round trip"
    return LinkRecording(form="irtt's JSON", delay=steps_of(points), note=note)
