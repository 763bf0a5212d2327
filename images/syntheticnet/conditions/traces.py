"""Parsers for uploaded files: rate traces, delay traces, and tables of jitter distributions.

A file is read a few lines at a time: each call of the interpreter is short, so that packets need not wait for it, and
of a long trace only the numbers stay in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, repeat
from mmap import mmap
from operator import le, lt, mul
from re import Pattern
from re import compile as pattern

FileContent = bytes | bytearray | mmap
"""The text of a file, in UTF-8."""

Lines = bytes | bytearray

MOST_LINES = 4_000_000
MOST_LINE_BYTES = 1 << 17
FEW = 1 << 12  # bytes
MOST_MS = 24 * 3600 * 1000
MOST_DELAY_MS = 60_000
# The limit and scale of tc-netem (NETEM_DIST_MAX, NETEM_DIST_SCALE in linux/pkt_sched.h).
MOST_ENTRIES = 16384
TABLE_SCALE = 8192

_WHOLE = pattern(r"[0-9]{1,9}")
_DECIMAL = pattern(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_SIGNED = pattern(r"-?[0-9]{1,5}")
_PLAIN_TIMES = pattern(rb"(?:[0-9]{1,9}\r?\n)+")
_PLAIN_DELAYS = pattern(rb"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?[ \t]+[0-9]{1,9}(?:\.[0-9]{1,9})?\r?\n)+")


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


def read_rate_trace(content: FileContent) -> RateRecording:
    """Parse mahimahi's format (mm-link(1)): one integer time in ms per line, never falling; raises ValueError."""
    times = array("I")
    for first, lines in _slices(content):
        if not _add_plain_times(times, lines):
            _add_times(times, first, lines)
    if not times or not times[-1]:
        raise ValueError("no time after 0: the trace could never repeat")
    return RateRecording(times)


def read_delay_trace(content: FileContent) -> DelayRecording:
    """Parse lines of `milliseconds delay_ms`, decimals allowed: the delay applies until the next line's time.

    The first time is 0, and times rise. The last line lasts as long as the one before it, and then the trace repeats:
    samples taken every 20 ms last 20 ms each. Raises ValueError.
    """
    times, delays, least = array("q"), array("q"), MOST_DELAY_MS * 1_000_000
    for first, lines in _slices(content):
        before = len(delays)
        if not _add_plain_delays(times, delays, lines):
            _add_delays(times, delays, first, lines)
        least = min(least, min(islice(delays, before, None), default=least))
    if not times:
        raise ValueError("the trace is empty; expected lines of a time and a delay in ms, such as 0 50")
    period = 2 * times[-1] - times[-2] if len(times) > 1 else None
    return DelayRecording(times, delays, period, least)


def read_table(content: FileContent) -> tuple[float, ...]:
    """Parse equally likely deviations in units of the jitter: integers of 1/8192, as iproute2's .dist files.

    Raises ValueError.
    """
    entries: list[float] = []
    numbered = (line for first, lines in _slices(content) for line in _lines(first, lines))
    for number, line in numbered:
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


def _slices(content: FileContent) -> Iterator[tuple[int, Lines]]:
    """The whole lines of a file, about `FEW` bytes at a time, each slice with the number of its first line."""
    start, number = 0, 1
    while start < len(content):
        end = content.find(b"\n", start + FEW, start + MOST_LINE_BYTES) + 1 or len(content)
        if end - start > MOST_LINE_BYTES:
            raise ValueError(f"line {number} or one after it is longer than {MOST_LINE_BYTES} bytes")
        lines: Lines = content[start:end]
        yield number, lines
        number += len(lines.splitlines())
        if number > MOST_LINES + 1:
            raise ValueError(f"more than {MOST_LINES} lines")
        start = end


def _lines(first: int, lines: Lines) -> Iterator[tuple[int, str]]:
    """Each non-empty line with its number, without `#` comments."""
    for number, line in enumerate(bytes(lines).splitlines(), first):
        content = line.partition(b"#")[0].strip()
        if content:
            yield number, content.decode("utf-8", "replace")


def _add_plain_times(times: array[int], lines: Lines) -> bool:
    """Add lines that are only numbers and in order, which is fast; False, and nothing added, if they are not."""
    if not _PLAIN_TIMES.fullmatch(lines):
        return False
    more = array("I", map(int, lines.split()))
    if more[-1] > MOST_MS or (times and more[0] < times[-1]) or not _rises(le, more):
        return False
    times.extend(more)
    return True


def _add_times(times: array[int], first: int, lines: Lines) -> None:
    for number, line in _lines(first, lines):
        time = int(_matching(_WHOLE, line, number, "a time in whole milliseconds, such as 42"))
        if time < (times[-1] if times else 0) or time > MOST_MS:
            raise ValueError(f"line {number}: {line!r} is before the previous line, or later than a day (86400000)")
        times.append(time)


def _add_plain_delays(times: array[int], delays: array[int], lines: Lines) -> bool:
    """As `_add_plain_times`, for a delay trace."""
    if not _PLAIN_DELAYS.fullmatch(lines):
        return False
    words = lines.split()
    more, its_delays = (_to_ns(words[start::2]) for start in (0, 1))
    begins = more[0] > times[-1] if times else not more[0]
    if not begins or not _rises(lt, more) or more[-1] > MOST_MS * 1_000_000:
        return False
    if max(its_delays) > MOST_DELAY_MS * 1_000_000:
        return False
    times.extend(more)
    delays.extend(its_delays)
    return True


def _add_delays(times: array[int], delays: array[int], first: int, lines: Lines) -> None:
    for number, line in _lines(first, lines):
        time, delay = _time_and_delay(line, number)
        if (time <= times[-1]) if times else time:
            must = "be later than the previous line" if times else "start at time 0"
            raise ValueError(f"line {number}: {line!r} must {must}")
        times.append(time)
        delays.append(delay)


def _to_ns(numbers: Sequence[Lines]) -> array[int]:
    """Milliseconds below 10^9 as ns; a double holds more digits than that takes."""
    return array("q", map(round, map(mul, map(float, numbers), repeat(1e6))))


def _rises(in_order: Callable[[int, int], bool], numbers: array[int]) -> bool:
    return all(map(in_order, numbers, islice(numbers, 1, None)))


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
    return round(time * 1_000_000), round(delay * 1_000_000)
