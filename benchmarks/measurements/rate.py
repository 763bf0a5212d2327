"""Accuracy of a rate limit: full-size datagrams are offered faster than it and timed on arrival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import datagram
from ..datagram import FULL, Passed
from ..errors import Failed
from ..figure import Figure, Values
from ..goal import Goal
from ..testbed import Kind, Testbed

EXCESS = 1.2  # the load, as a multiple of the rate
SHARE, FRAMES = 0.01, 2  # allowed error, whichever is larger
UNITS = {"kbit": 10**3, "mbit": 10**6}


@dataclass(frozen=True)
class Rate:
    """`rate` as in conditions: `100kbit`."""

    rate: str
    seconds: float
    kinds: Sequence[Kind] = ("forwarder",)

    @property
    def name(self) -> str:
        return f"rate/{self.rate}"

    @property
    def bps(self) -> int:
        return int(self.rate[:-4]) * UNITS[self.rate[-4:]]

    @property
    def figures(self) -> Sequence[Figure]:
        goal = Goal(f"± max({SHARE:.0%}, {FRAMES} frames)", lambda used, _: used <= 1)
        return [Figure("kbps", f"rate {self.rate}, achieved", "kbit/s", goal, digits=1, judged="allowance_used")]

    def run(self, testbed: Testbed, kind: Kind) -> Values:
        testbed.put(kind)
        testbed.impose({"egress": {"rate": self.rate}})
        per_second = EXCESS * self.bps / (8 * FULL)
        with datagram.watched(testbed, "server") as arriving:
            count = round(per_second * self.seconds)
            sent = datagram.send(testbed, count, per_second, FULL, linger_s=0.4, hurried=True)
            arrivals, unwatched = arriving.read(), arriving.missed()
        offered = sent.per_second * FULL * 8
        if offered < self.bps:
            raise Failed(f"the sender was too slow: {offered / 1e3:.0f} of {self.bps / 1e3:.0f} kbit/s")
        return achieved(arrivals, self.bps) | {"offered_kbps": offered / 1e3, "unwatched": unwatched}


def achieved(arrivals: Sequence[Passed], bps: int) -> dict[str, float]:
    """Rate from first to last arrival; `allowance_used` is the error as a share of the allowed error.

    The first frame marks the start, so its bits do not count.
    """
    if len(arrivals) < 2:
        raise Failed(f"{len(arrivals)} frames arrived; at least 2 required")
    seconds = (arrivals[-1].stamp - arrivals[0].stamp) / 1e9
    bits, expected = (len(arrivals) - 1) * FULL * 8, bps * seconds
    return {
        "kbps": bits / seconds / 1e3,
        "allowance_used": abs(bits - expected) / max(SHARE * expected, FRAMES * FULL * 8),
        "seconds": seconds,
        "frames": len(arrivals),
    }
