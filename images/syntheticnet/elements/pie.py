"""PieQueue: drops arrivals at random, so that packets wait about as long as a target (PIE, RFC 8033)."""

from __future__ import annotations

from bisect import bisect_right

from ..conditions import LinkConditions
from ..conditions.depth import FULL_SIZE
from ..packets.packet import Packet
from .droptail import DropTail
from .element import ElementContext, RandomStream

TARGET_NS = 15_000_000
UPDATE_NS = 15_000_000
BURST_NS = 150_000_000
ECN_THRESHOLD = 0.1

# Per second of delay (RFC 8033, 4.2), scaled so that a small probability changes in small steps.
_ALPHA, _BETA = 0.125, 1.25
_SCALED_BELOW = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
_SCALES = (1 / 2048, 1 / 512, 1 / 128, 1 / 32, 1 / 8, 1 / 2, 1.0)
_DECAY = 0.98
_SURE, _LIKELY_ENOUGH = 8.5, 0.85
_SECOND = 10**9

MOST_UPDATES = 1000
"""Updates made up for after a pause; by then the probability of an empty queue has long been 0."""


class PieQueue(DropTail):
    """In order of arrival, with PIE and a limit at the tail."""

    def __init__(self, context: ElementContext) -> None:
        super().__init__(context)
        self.pie = Pie(context.rng)

    def set(self, values: LinkConditions, rate_bps: float) -> None:
        super().set(values, rate_bps)
        self.pie.set(values)

    def restart(self) -> None:
        self.pie.reset()

    def admit(self, packet: Packet) -> bool:
        pie = self.pie
        pie.update(packet.time)
        waiting = self._bytes - self.serving.size if self.serving else self._bytes
        if pie.strikes(waiting) and not (pie.probability <= pie.ecn_threshold and self.marks(packet)):
            self._drop(packet, "pie")
            return False
        return super().admit(packet)

    def head(self, now: int) -> Packet | None:
        packet = super().head(now)
        if packet is not None:
            self.pie.update(now)
            # Behind the last one nobody waits.
            self.pie.delay = now - packet.time if len(self.line) > 1 else 0
        return packet


class Pie:
    """The drop probability, and whom it strikes (RFC 8033, sections 4.1 to 4.4, 5.4 and 5.5).

    `delay` is how long the last packet waited, by time stamps (section 4.3) instead of the queue's length and an
    estimated rate: so it also holds on a link whose rate varies.
    """

    def __init__(self, rng: RandomStream) -> None:
        self._rng = rng
        self._next: int | None = None
        self.set(LinkConditions())

    def set(self, values: LinkConditions) -> None:
        """Use the parameters of `values` from now on; the length of bursts from the next on."""
        self._target = values.pie_target_ns or TARGET_NS
        self._interval = values.pie_update_ns or UPDATE_NS
        self._burst = values.pie_burst_ns if values.pie_burst_ns is not None else BURST_NS
        given = values.pie_ecn_threshold
        self.ecn_threshold = ECN_THRESHOLD if given is None else given
        if self._next is None:
            self.reset()

    def reset(self) -> None:
        """Begin as at an empty queue."""
        self.delay = self._delay_before = 0
        self.probability = self._accumulated = 0.0
        self._allowance = self._burst
        self._next = None

    def update(self, now: int) -> None:
        """Bring the probability up to date with `delay`, which has not changed since the last call."""
        if self._next is None:
            self._next = now + self._interval
        if now < self._next:
            return
        due = (now - self._next) // self._interval + 1
        self._next += due * self._interval
        for _ in range(min(due, MOST_UPDATES)):
            self._step()

    def strikes(self, waiting: int) -> bool:
        """Whether to drop or mark a packet that finds `waiting` bytes in the queue."""
        probability = self.probability
        calm = self._delay_before < self._target / 2 and probability < 0.2
        if calm or self._allowance or waiting <= 2 * FULL_SIZE:
            return False
        # Not quite independent draws: drops neither cluster nor stay away for long (section 5.4).
        self._accumulated = self._accumulated + probability if probability else 0.0
        if self._accumulated < _LIKELY_ENOUGH or (self._accumulated < _SURE and self._rng.random() >= probability):
            return False
        self._accumulated = 0.0
        return True

    def _step(self) -> None:
        delay, before, probability = self.delay, self._delay_before, self.probability
        change = (_ALPHA * (delay - self._target) + _BETA * (delay - before)) / _SECOND
        change *= _SCALES[bisect_right(_SCALED_BELOW, probability)]
        if probability >= 0.1:
            change = min(change, 0.02)
        probability += change
        if not delay and not before:
            probability *= _DECAY
        self.probability = min(max(probability, 0.0), 1.0)
        self._delay_before = delay
        if not self.probability and max(delay, before) < self._target / 2:
            self._allowance = self._burst
        else:
            self._allowance = max(0, self._allowance - self._interval)
