"""Hold: periodically stalls the link, then releases everything at once, as a handover does.

Starlink reassigns paths every 15 s (Mohan et al., "A Multifaceted Look at Starlink Performance", WWW 2024); a Wi-Fi
client that scans other channels is away for some 100 ms each time.
"""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from .holding import Holding

DEFAULT_EVERY_NS = 15 * 10**9


class Hold(Holding):
    """Holds packets during the last `hold_ns` of every period; periods start when the values are applied."""

    depends_on: ClassVar[tuple[str, ...]] = ("hold_ns", "hold_every_ns")

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.hold_ns)

    def set(self, values: LinkConditions) -> None:
        self._every_ns = values.hold_every_ns or DEFAULT_EVERY_NS
        self._open_ns = self._every_ns - (values.hold_ns or 0)

    def due(self, since: int, now: int) -> int:
        """At once, or at the end of the hold. A packet that has waited already is treated as if it arrived `now`."""
        time = now if now > since else since  # not max(): this runs for every packet
        into = (time - self.began) % self._every_ns if time >= self.began else 0
        return time if into < self._open_ns else time + self._every_ns - into
