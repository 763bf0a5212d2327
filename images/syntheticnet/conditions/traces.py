"""Parsers for uploaded files: rate traces, delay traces, and tables of jitter distributions."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from re import Pattern
from re import compile as pattern

MOST_LINES = 1_000_000
FEW = 1 << 12  # characters
MOST_MS = 24 * 3600 * 1000
MOST_DELAY_MS = 60_000
# The limit and scale of tc-netem (NETEM_DIST_MAX, NETEM_DIST_SCALE in linux/pkt_sched.h).
MOST_ENTRIES = 16384
TABLE_SCALE = 8192

_WHOLE = pattern(r"[0-9]{1,9}")
_DECIMAL = pattern(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_SIGNED = pattern(r"-?[0-9]{1,5}")


@dataclass(frozen=True)
class RateRecording:
    """When a full-size packet may leave, in ms since the start, never falling; repeats after the last time."""

    times_ms: Sequence[int]


@dataclass(frozen=True)
class DelayRecording:
    """`delays_ns[n]` applies from `times_ns[n]` after the start until the next time; repeats after `period_ns`.

    A trace of one line has no period: its delay never changes. `least_ns` is the smallest delay.
    """

    times_ns: Sequence[int]
    delays_ns: Sequence[int]
    period_ns: int | None
    least_ns: int


def read_rate_trace(text: str) -> RateRecording:
    """Parse mahimahi's format (mm-link(1)): one integer time in ms per line, never falling; raises ValueError."""
    times = array("q")
    for number, line in _lines(text):
        time = int(_matching(_WHOLE, line, number, "a time in whole milliseconds, such as 42"))
        if time < (times[-1] if times else 0) or time > MOST_MS:
            raise ValueError(f"line {number}: {line!r} is before the previous line, or later than a day (86400000)")
        times.append(time)
    if not times or not times[-1]:
        raise ValueError("no time after 0: the trace could never repeat")
    return RateRecording(times)


def read_delay_trace(text: str) -> DelayRecording:
    """Parse lines of `milliseconds delay_ms`, decimals allowed: the delay applies until the next line's time.

    The first time is 0, and times rise. The last line lasts as long as the one before it, and then the trace repeats:
    samples taken every 20 ms last 20 ms each. Raises ValueError.
    """
    times, delays, least = array("q"), array("q"), MOST_DELAY_MS * 1_000_000
    for number, line in _lines(text):
        time, delay = _time_and_delay(line, number)
        if (time <= times[-1]) if times else time:
            must = "be later than the previous line" if times else "start at time 0"
            raise ValueError(f"line {number}: {line!r} must {must}")
        times.append(time)
        delays.append(delay)
        least = min(least, delay)
    if not times:
        raise ValueError("the trace is empty; expected lines of a time and a delay in ms, such as 0 50")
    period = 2 * times[-1] - times[-2] if len(times) > 1 else None
    return DelayRecording(times, delays, period, least)


def read_table(text: str) -> tuple[float, ...]:
    """Parse equally likely deviations in units of the jitter: integers of 1/8192, as iproute2's .dist files.

    Raises ValueError.
    """
    entries: list[float] = []
    for number, line in _lines(text):
        for word in line.split():
            entry = int(_matching(_SIGNED, word, number, "a whole number from -32768 to 32767"))
            if not -32768 <= entry <= 32767:
                raise ValueError(f"line {number}: {word!r} is not a whole number from -32768 to 32767")
            entries.append(entry / TABLE_SCALE)
            if len(entries) > MOST_ENTRIES:
                raise ValueError(f"line {number}: more than {MOST_ENTRIES} entries")
    if not entries:
        raise ValueError("the table is empty; expected whole numbers from -32768 to 32767")
    return tuple(entries)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each non-empty line with its number, without `#` comments."""
    for number, line in enumerate(_split(text), 1):
        if number > MOST_LINES:
            raise ValueError(f"more than {MOST_LINES} lines")
        content = line.partition("#")[0].strip()
        if content:
            yield number, content


def _split(text: str) -> Iterator[str]:
    """As str.splitlines, a few lines at a time: one call for the whole text would hold the GIL for long."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + FEW) + 1 or len(text)
        yield from text[start:end].splitlines()
        start = end


def _matching(form: Pattern[str], text: str, number: int, allowed: str) -> str:
    if not form.fullmatch(text):
        raise ValueError(f"line {number}: {text!r} is not {allowed}")
    return text


def _time_and_delay(line: str, number: int) -> tuple[int, int]:
    words = line.split()
    if len(words) != 2 or not all(_DECIMAL.fullmatch(word) for word in words):
        raise ValueError(f"line {number}: {line!r} is not a time and a delay in milliseconds, such as 1500 42.5")
    time, delay = (Decimal(word) for word in words)
    if time > MOST_MS or delay > MOST_DELAY_MS:
        raise ValueError(f"line {number}: {line!r} is later than a day (86400000), or its delay is above 60 s")
    return int(time * 1_000_000), int(delay * 1_000_000)
