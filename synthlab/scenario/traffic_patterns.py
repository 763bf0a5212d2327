"""Patterns of competing traffic: when each flow sends how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from ..text.durations import SECOND_NS, format_duration, ns_of, seconds_of

FILE_BYTES = (30_000, 50_000)
PAGE_FILES = 30
THINK_NS = 10 * SECOND_NS
"""RFC 8868, 5.1: 30 connections at once fetch 30 to 50 KB each, evenly distributed, of HTTP Archive's pages of 2015.

The idle time between them is exponential, with this mean.
"""
CHUNK_NS = 6 * SECOND_NS
"""The duration of a segment that Apple's HLS Authoring Specification recommends."""
MOST_FILES = 100_000
"""Of one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One transfer of a flow: from `at_ns`, a time of the traffic, or `after_ns` after the end of the one before.

    It ends at `until_ns`, or once `size` bytes are sent, or once every one of `files` has arrived, each over a new
    connection. Without any of these it lasts as long as the traffic.
    """

    at_ns: int | None = None
    after_ns: int | None = None
    until_ns: int | None = None
    size: int | None = None
    files: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, float | list[int]]:
        """As a traffic source reads it: times in seconds, only what is set."""
        times = {"at": self.at_ns, "after": self.after_ns, "until": self.until_ns}
        values: dict[str, float | list[int]] = {name: seconds_of(ns) for name, ns in times.items() if ns is not None}
        if self.size is not None:
            values["size"] = self.size
        if self.files:
            values["files"] = list(self.files)
        return values


@dataclass(frozen=True, slots=True)
class Steady:
    """From start to end."""

    def transfers(self, for_ns: int, random: Random) -> Iterator[Transfer]:
        yield Transfer(at_ns=0)

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnOff:
    """Sends for `on_ns`, pauses for `off_ns`, and so on; `paused`: it begins with the pause."""

    on_ns: int
    off_ns: int
    paused: bool = False

    def transfers(self, for_ns: int, random: Random) -> Iterator[Transfer]:
        for at_ns in range(self.off_ns if self.paused else 0, for_ns, self.on_ns + self.off_ns):
            yield Transfer(at_ns=at_ns, until_ns=min(at_ns + self.on_ns, for_ns))

    def __str__(self) -> str:
        on, off = f"on for {format_duration(self.on_ns)}", f"off for {format_duration(self.off_ns)}"
        return f"{off}, {on}" if self.paused else f"{on}, {off}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPages:
    """Pages of `files` files that load at once, and a time to think after each; `paused`: it begins with that time."""

    files: int = PAGE_FILES
    paused: bool = False

    def transfers(self, for_ns: int, random: Random) -> Iterator[Transfer]:
        """As many pages as there is time for if they load at once."""
        after_ns = _think_ns(random) if self.paused else 0
        think_ns = after_ns
        while think_ns < for_ns:
            yield Transfer(after_ns=after_ns, files=tuple(random.randint(*FILE_BYTES) for _ in range(self.files)))
            after_ns = max(_think_ns(random), 1)
            think_ns += after_ns

    def __str__(self) -> str:
        return f"web pages of {self.files} {'file' if self.files == 1 else 'files'}{', first a pause' * self.paused}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOnDemand:
    """A video of `rate_bps` in chunks of `chunk_ns`: each is fetched when it is due, as fast as the network allows."""

    rate_bps: float
    chunk_ns: int = CHUNK_NS

    def transfers(self, for_ns: int, random: Random) -> Iterator[Transfer]:
        size = max(1, round(self.rate_bps / 8 * seconds_of(self.chunk_ns)))
        for at_ns in range(0, for_ns, self.chunk_ns):
            yield Transfer(at_ns=at_ns, size=size)

    def __str__(self) -> str:
        return f"video of {self.rate_bps / 1000:g}kbit in chunks of {format_duration(self.chunk_ns)}"


Pattern = Steady | OnOff | WebPages | VideoOnDemand


def _think_ns(random: Random) -> int:
    return ns_of(random.expovariate(1 / seconds_of(THINK_NS)))
