"""How late the forwarder sends: the delay of the first packet of each batch past its due time."""

from __future__ import annotations

from collections import deque

SECOND = 10**9
# A second may have more batches; the latest ones then represent it.
MOST_NOTES = 4096


class Lateness:
    """Lateness samples of the last second."""

    def __init__(self) -> None:
        self._notes: deque[tuple[int, int]] = deque(maxlen=MOST_NOTES)

    def note(self, late: int, now: int) -> None:
        """Record a batch sent at `now` whose first packet was `late` ns overdue."""
        self._notes.append((now, late))

    def report(self, now: int) -> dict[str, float]:
        """Quantiles and maximum in ms; empty if nothing was sent."""
        late = sorted(late for noted, late in list(self._notes) if now - noted <= SECOND)
        if not late:
            return {}
        values = {"p50_ms": late[len(late) // 2], "p99_ms": late[len(late) * 99 // 100], "max_ms": late[-1]}
        return {name: value / 1e6 for name, value in values.items()}
