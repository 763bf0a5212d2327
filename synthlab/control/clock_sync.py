"""The clocks of several clients, compared with ours over the network, as NTP does it (RFC 5905)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One request, in ns: `sent` and `received` by our clock, `arrived` and `answered` by the client's."""

    sent: int
    arrived: int
    answered: int
    received: int

    @property
    def ahead(self) -> tuple[int, int]:
        """The client's clock is ahead of ours by at least, and at most, this."""
        return self.answered - self.received, self.arrived - self.sent

    @property
    def network_ns(self) -> int:
        """The time on the way, both ways, without the client's work: how uncertain `ahead` is."""
        return max(self.received - self.sent - (self.answered - self.arrived), 0)


@dataclass(frozen=True, slots=True)
class ClientClocks:
    """By how much each client's clock is ahead of ours; `doubt_ns` is the error between two: 0 where they are one."""

    ahead_ns: Mapping[str, int]
    doubt_ns: int

    def at_ns(self, name: str, ours_ns: int) -> int:
        """A moment of our clock as the client's clock shows it."""
        return ours_ns + self.ahead_ns[name]


def compare_clocks(samples: Mapping[str, ClockSample]) -> ClientClocks:
    """Clocks that may be one and the same, as those of one machine are, are one. Where that one may be ours, it is."""
    least = max(sample.ahead[0] for sample in samples.values())
    most = min(sample.ahead[1] for sample in samples.values())
    if least <= most:
        ahead = 0 if least <= 0 <= most else most
        return ClientClocks(dict.fromkeys(samples, ahead), 0)
    halves = {name: sum(sample.ahead) // 2 for name, sample in samples.items()}
    return ClientClocks(halves, max(sample.network_ns for sample in samples.values()))
