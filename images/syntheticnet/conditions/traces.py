"""What people upload for conditions to name: traces of a rate or a delay, and tables of a law of jitter."""

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
# As many entries, and as many of each unit, as tc-netem has (NETEM_DIST_MAX, NETEM_DIST_SCALE of linux/pkt_sched.h).
MOST_ENTRIES = 16384
TABLE_SCALE = 8192

_WHOLE = pattern(r"[0-9]{1,9}")
_DECIMAL = pattern(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_SIGNED = pattern(r"-?[0-9]{1,5}")


@dataclass(frozen=True)
class RateTrace:
    """When a full-size packet may leave, in ms since the trace began, never falling; the last is where it repeats."""

    times_ms: Sequence[int]


@dataclass(frozen=True)
class DelayTrace:
    """`delays_ns[n]` holds from `times_ns[n]` since the trace began until the next one; it repeats after `period_ns`.

    A trace of one line has no period: its delay holds for good. `least_ns` is the least of the delays.
    """

    times_ns: Sequence[int]
    delays_ns: Sequence[int]
    period_ns: int | None
    least_ns: int


def read_rate_trace(text: str) -> RateTrace:
    """Mahimahi's format (mm-link(1)): on each line a whole number of milliseconds, none less than the one before."""
    times = array("q")
    for number, line in _lines(text):
        time = int(_matching(_WHOLE, line, number, "a time in whole milliseconds, such as 42"))
        if time < (times[-1] if times else 0) or time > MOST_MS:
            raise ValueError(f"line {number}: {line!r} is less than the line before, or more than a day")
        times.append(time)
    if not times or not times[-1]:
        raise ValueError("no line gives a time after 0, so it would never repeat")
    return RateTrace(times)


def read_delay_trace(text: str) -> DelayTrace:
    """Lines of `milliseconds delay_ms`, decimals allowed: the delay holds from that time until that of the next line.

    The first time is 0, and times rise. The last line holds for as long as the one before it did; then the trace
    begins anew, so that samples taken every 20 ms last 20 ms each.
    """
    times, delays, least = array("q"), array("q"), MOST_DELAY_MS * 1_000_000
    for number, line in _lines(text):
        time, delay = _time_and_delay(line, number)
        if (time <= times[-1]) if times else time:
            raise ValueError(f"line {number}: {line!r} must {'rise' if times else 'begin at time 0'}")
        times.append(time)
        delays.append(delay)
        least = min(least, delay)
    if not times:
        raise ValueError("no line gives a time and a delay, such as 0 50")
    period = 2 * times[-1] - times[-2] if len(times) > 1 else None
    return DelayTrace(times, delays, period, least)


def read_table(text: str) -> tuple[float, ...]:
    """Equally likely deviations, in units of the jitter: integers of 1/8192, as in iproute2's .dist files."""
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
        raise ValueError("no line gives an entry")
    return tuple(entries)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line that says something, with its number; `#` begins a comment."""
    for number, line in enumerate(_split(text), 1):
        if number > MOST_LINES:
            raise ValueError(f"more than {MOST_LINES} lines")
        said = line.partition("#")[0].strip()
        if said:
            yield number, said


def _split(text: str) -> Iterator[str]:
    """As str.splitlines, a few lines after the other: all at once would let no other thread run for long."""
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
        raise ValueError(f"line {number}: {line!r} is beyond a day, or delays by more than 60 s")
    return int(time * 1_000_000), int(delay * 1_000_000)
