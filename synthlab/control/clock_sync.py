"""Estimates the offsets of clients' clocks from the host's over the network, like NTP (RFC 5905)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

SAMPLES = 4


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One request, in ns: `sent` and `received` by the host's clock, `arrived` and `answered` by the client's."""

    sent: int
    arrived: int
    answered: int
    received: int

    @property
    def ahead(self) -> tuple[int, int]:
        """The minimum and maximum by which the client's clock is ahead of the host's."""
        return self.answered - self.received, self.arrived - self.sent

    @property
    def network_ns(self) -> int:
        """The round trip without the client's processing time: the width of `ahead`."""
        return max(self.received - self.sent - (self.answered - self.arrived), 0)


@dataclass(frozen=True, slots=True)
class ClientClocks:
    """How far each client's clock is ahead of the host's; `doubt_ns` is the largest error between two clients."""

    ahead_ns: Mapping[str, int]
    doubt_ns: int

    def at_ns(self, name: str, ours_ns: int) -> int:
        """A time on the host's clock, converted to the client's."""
        return ours_ns + self.ahead_ns[name]


def closest(ask: Callable[[], ClockSample]) -> ClockSample:
    """The best of several samples of one clock: the one with the shortest round trip (RFC 5905, clock filter)."""
    return min((ask() for _ in range(SAMPLES)), key=lambda sample: sample.network_ns)


def compare_clocks(samples: Mapping[str, ClockSample]) -> ClientClocks:
    """The offsets that fit the samples."""
    low = max(sample.ahead[0] for sample in samples.values())
    high = min(sample.ahead[1] for sample in samples.values())
    # Containers of one machine share its clock. If one offset fits all samples, they are taken to share one clock,
    # and the host's if 0 fits too: their times are then exact, however slow the requests were.
    if low <= high:
        ahead = 0 if low <= 0 <= high else high
        return ClientClocks(dict.fromkeys(samples, ahead), 0)
    midpoints = {name: sum(sample.ahead) // 2 for name, sample in samples.items()}
    return ClientClocks(midpoints, max(sample.network_ns for sample in samples.values()))
