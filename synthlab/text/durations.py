"""Converts durations between nanoseconds, used internally, and seconds; formats them."""

from __future__ import annotations

MS_NS = 10**6
SECOND_NS = 10**9


def seconds_of(time_ns: int) -> float:
    return time_ns / SECOND_NS


def ns_of(seconds: float) -> int:
    """Rounded to the nearest nanosecond."""
    return round(seconds * SECOND_NS)


def format_duration(time_ns: int) -> str:
    """`90s`, `1.25s`."""
    return format_seconds(seconds_of(time_ns))


def format_seconds(seconds: float) -> str:
    """`90s`, `1.25s`, of measured seconds."""
    return f"{round(seconds, 3):g}s" if seconds < 100_000 else f"{seconds:.0f}s"
