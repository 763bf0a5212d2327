"""How late the forwarder itself is: how long after it was due the first packet of each batch left."""

from __future__ import annotations

from collections import deque

SECOND = 10**9
# More in a second are possible; then the latest ones stand for it.
MOST_NOTES = 4096


class Lateness:
    """What was noted within the last second."""

    def __init__(self) -> None:
        self._notes: deque[tuple[int, int]] = deque(maxlen=MOST_NOTES)

    def note(self, late: int, now: int) -> None:
        """A batch left at `now`, its first packet `late` ns after it was due."""
        self._notes.append((now, late))

    def report(self, now: int) -> dict[str, float]:
        """Quantiles and maximum in ms; empty where nothing left."""
        late = sorted(late for noted, late in list(self._notes) if now - noted <= SECOND)
        if not late:
            return {}
        values = {"p50_ms": late[len(late) // 2], "p99_ms": late[len(late) * 99 // 100], "max_ms": late[-1]}
        return {name: value / 1e6 for name, value in values.items()}
