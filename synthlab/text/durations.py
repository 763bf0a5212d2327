"""Durations are whole nanoseconds inside; here they become seconds, for people and for calls that take seconds."""

from __future__ import annotations

MS_NS = 10**6
SECOND_NS = 10**9


def seconds_of(time_ns: int) -> float:
    return time_ns / SECOND_NS


def ns_of(seconds: float) -> int:
    """To the nearest nanosecond."""
    return round(seconds * SECOND_NS)


def format_duration(time_ns: int) -> str:
    """`90s`, `1.25s`."""
    return format_seconds(seconds_of(time_ns))


def format_seconds(seconds: float) -> str:
    """The same, of seconds that were measured."""
    return f"{round(seconds, 3):g}s" if seconds < 100_000 else f"{seconds:.0f}s"
