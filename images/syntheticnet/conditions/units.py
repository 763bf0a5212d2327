"""Units of conditions: parses and formats values such as `1.5mbit`, `80ms` or `5%`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from .traces import FileContent

_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z%]+(?:/s)?)\s*")

_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")

_RATES = {"bit": 1, "kbit": 10**3, "mbit": 10**6, "gbit": 10**9}
_TIMES_NS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
_BYTES = {"b": 1, "kb": 10**3, "mb": 10**6}

MOST_CHARACTERS = 1000  # longer numbers would be slow to convert
MAX_RATE_BPS = 100 * 10**9
MAX_TIME_NS = 60 * 10**9
MAX_QUEUE_BYTES = 1 << 30
MAX_QUEUE_PACKETS = 1_000_000


@dataclass(frozen=True)
class Unit:
    """One kind of value: `parse` raises ValueError with what is wrong; `format` is its inverse."""

    name: str
    allowed: str
    parse: Callable[[object], Any]
    format: Callable[[Any], Any]
    read: Callable[[FileContent], Any] | None = None
    """For files: parses the content; raises ValueError with the line."""
    choices: tuple[str, ...] = ()
    """For words: those allowed."""


@dataclass(frozen=True, slots=True)
class QueueLimit:
    """The limit of a bottleneck's queue: `amount` nanoseconds of traffic, bytes of frames, or packets."""

    amount: int
    kind: Literal["time", "bytes", "packets"]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of times, both ends included."""

    least_ns: int
    most_ns: int


def quantity(value: object, scales: Mapping[str, int], allowed: str) -> tuple[Decimal, str]:
    """The exact value in base units, and the unit it was written in.

    Raises ValueError with the allowed forms for a bare number or an unknown unit.
    """
    match = _QUANTITY.fullmatch(value.lower()) if isinstance(value, str) and len(value) <= MOST_CHARACTERS else None
    unit = match[2].removesuffix("/s") if match else ""
    if match is None or unit not in scales or (match[2] != unit and not unit.endswith("bit")):
        raise ValueError(f"{value!r} is not {allowed}")
    return Decimal(match[1]) * scales[unit], unit


def _written(amount: Decimal, scales: Mapping[str, int]) -> str:
    """`amount` in the largest unit in which it is at least 1: 1500000 bit as `1.5mbit`."""
    unit = max((name for name in scales if scales[name] <= amount), key=scales.__getitem__, default="")
    unit = unit or min(scales, key=scales.__getitem__)
    return f"{_plain(amount / scales[unit])}{unit}"


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _parse_rate(value: object) -> float:
    if isinstance(value, str) and value.strip().lower() == "unlimited":
        return math.inf
    rate, _ = quantity(value, _RATES, RATE.allowed)
    if not rate:
        raise ValueError(f"{value!r} lets nothing pass; use `outage` instead")
    if not 1 <= rate <= MAX_RATE_BPS:
        raise ValueError(f"{value!r} is not between 1bit and {_written(Decimal(MAX_RATE_BPS), _RATES)}")
    return float(rate)


def _format_rate(rate_bps: float) -> str:
    return "unlimited" if math.isinf(rate_bps) else _written(Decimal(str(rate_bps)), _RATES)


def _parse_time(value: object) -> int:
    time_ns, _ = quantity(value, _TIMES_NS, TIME.allowed)
    if time_ns > MAX_TIME_NS:
        raise ValueError(f"{value!r} is not between 0ms and {_written(Decimal(MAX_TIME_NS), _TIMES_NS)}")
    return int(time_ns)


def _format_time(time_ns: int) -> str:
    return _written(Decimal(time_ns), _TIMES_NS) if time_ns else "0ms"


def _parse_share(value: object) -> float:
    percent, _ = quantity(value, {"%": 1}, SHARE.allowed)
    if percent > 100:
        raise ValueError(f"{value!r} is not between 0% and 100%")
    return float(percent / 100)


def _parse_loss(value: object) -> float:
    """Parse a share; a second number, as tc-netem has it, is an error that names the condition for it."""
    words = value.split() if isinstance(value, str) else []
    try:
        share, correlation = (_format_share(_parse_share(word)) for word in words)
    except ValueError:
        return _parse_share(value)
    raise ValueError(f"{value!r} is two values here: loss {share} with loss_correlation {correlation}")


def _parse_correlation(value: object) -> float:
    share = _parse_share(value)
    if share >= 1:
        raise ValueError(f"{value!r} is not below 100%: the first packet would decide for all")
    return share


def _format_share(share: float) -> str:
    return f"{_plain(Decimal(str(share)) * 100)}%"


def _parse_positive_time(value: object) -> int:
    time_ns = _parse_time(value)
    if not time_ns:
        raise ValueError(f"{value!r} is not more than 0ms and at most 60s")
    return time_ns


def _parse_span(value: object) -> Span:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not {SPAN.allowed}")
    low, dash, high = value.partition("-")
    try:
        least = _parse_time(low)
        most = _parse_time(high) if dash else least
    except ValueError:
        raise ValueError(f"{value!r} is not {SPAN.allowed}, at most 60s") from None
    if least > most:
        raise ValueError(f"{value!r} runs backwards: write the shorter time first")
    return Span(least, most)


def _format_span(span: Span) -> str:
    low, high = _format_time(span.least_ns), _format_time(span.most_ns)
    return low if low == high else f"{low}-{high}"


def _format_bytes(size: int) -> str:
    """`size` in the largest unit that needs no fraction: 1400 as `1400b`, 64000 as `64kb`."""
    unit = max((name for name in _BYTES if size % _BYTES[name] == 0), key=_BYTES.__getitem__) if size else "b"
    return f"{size // _BYTES[unit]}{unit}"


def format_packets(count: float) -> str:
    return f"{_plain(Decimal(str(count)))}p"


def _parse_queue(value: object) -> QueueLimit:
    scales = {**_TIMES_NS, **_BYTES, "p": 1}
    amount, unit = quantity(value, scales, QUEUE.allowed)
    if unit in _TIMES_NS:
        if not 0 < amount <= MAX_TIME_NS:
            raise ValueError(f"{value!r} is not more than 0ms and at most 60s")
        return QueueLimit(int(amount), "time")
    kind: Literal["packets", "bytes"] = "packets" if unit == "p" else "bytes"
    most = MAX_QUEUE_PACKETS if kind == "packets" else MAX_QUEUE_BYTES
    if not 1 <= amount <= most or amount != int(amount):
        raise ValueError(f"{value!r} is not a whole number of {kind} from 1 to {most}")
    return QueueLimit(int(amount), kind)


def _format_queue(limit: QueueLimit) -> str:
    if limit.kind == "time":
        return _format_time(limit.amount)
    return format_packets(limit.amount) if limit.kind == "packets" else _format_bytes(limit.amount)


def _parse_switch(value: object) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ValueError(f"{value!r} is not true or false")


def byte_count(low: int, high: int, example: str) -> Unit:
    """A unit of whole bytes from `low` to `high`."""
    allowed = f"a number of bytes such as {example}"

    def parse(value: object) -> int:
        size, _ = quantity(value, _BYTES, allowed)
        if not low <= size <= high or size != int(size):
            raise ValueError(f"{value!r} is not a whole number of bytes between {low}b and {high}b")
        return int(size)

    return Unit("bytes", allowed, parse, _format_bytes)


def packet_count(high: int, example: str) -> Unit:
    """A unit of whole packets from 1 to `high`."""
    allowed = f"a number of packets such as {example}"

    def parse(value: object) -> int:
        count, _ = quantity(value, {"p": 1}, allowed)
        if not 1 <= count <= high or count != int(count):
            raise ValueError(f"{value!r} is not a whole number of packets from 1 to {high}")
        return int(count)

    return Unit("packets", allowed, parse, format_packets)


COUNT = "count"
"""The name of every unit that `count` makes."""


def count(low: int, high: int, example: str) -> Unit:
    """A unit of bare whole numbers from `low` to `high`."""
    allowed = f"a whole number such as {example}"

    def parse(value: object) -> int:
        digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if not re.fullmatch(r"[0-9]{1,9}", digits):
            raise ValueError(f"{value!r} is not {allowed}")
        if not low <= int(digits) <= high:
            raise ValueError(f"{value!r} is not a whole number from {low} to {high}")
        return int(digits)

    return Unit(COUNT, allowed, parse, str)


def time_between(low_ns: int, high_ns: int) -> Unit:
    """A unit of times from `low_ns` to `high_ns`."""

    def parse(value: object) -> int:
        time_ns = _parse_time(value)
        if not low_ns <= time_ns <= high_ns:
            raise ValueError(f"{value!r} is not between {_format_time(low_ns)} and {_format_time(high_ns)}")
        return time_ns

    return Unit("time", TIME.allowed, parse, _format_time)


FILE = "file"
"""The name of every unit that `file` makes."""


def file(kind: str, read: Callable[[FileContent], Any]) -> Unit:
    """A unit for names of uploaded files, which `read` parses."""
    allowed = f"the name of an uploaded {kind}: letters, digits, dots, - and _ (100 at most)"

    def parse(value: object) -> str:
        if isinstance(value, str) and _FILE.fullmatch(value):
            return value
        raise ValueError(f"{value!r} is not {allowed}")

    return Unit(FILE, allowed, parse, str, read)


def choice(*names: str) -> Unit:
    """A unit that allows only the given words."""

    def parse(value: object) -> str:
        if value in names:
            return str(value)
        raise ValueError(f"{value!r} is not one of {', '.join(names)}")

    return Unit("word", f"one of {', '.join(names)}", parse, str, choices=names)


RATE = Unit(
    "rate",
    "a rate such as 500kbit, 1.5mbit or 2gbit, or unlimited (no rate; for a flow, not even the link's)",
    _parse_rate,
    _format_rate,
)
TIME = Unit("time", "a time such as 80ms, 1.5s or 250us", _parse_time, _format_time)
POSITIVE_TIME = Unit("time", TIME.allowed, _parse_positive_time, _format_time)
SPAN = Unit("span", "a time such as 10ms, or a range such as 10ms-30ms", _parse_span, _format_span)
SHARE = Unit("share", "a share such as 5% or 0.5%", _parse_share, _format_share)
LOSS = Unit("share", SHARE.allowed, _parse_loss, _format_share)
CORRELATION = Unit("share", "a share below 100% such as 25%", _parse_correlation, _format_share)
BYTES = byte_count(0, 1000, "24b")
QUEUE = Unit("queue", "a time, size or count such as 200ms, 64kb or 100p (packets)", _parse_queue, _format_queue)
SWITCH = Unit("switch", "true or false", _parse_switch, bool)
