"""Small pictures of what the application shows of others, kept only while somebody looks at them."""

from __future__ import annotations

import base64
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_PEERS = 32
MOST_BYTES = 32 * 1024
MOST_NAME = 200
FRESH_S = 10.0
"""An older picture is of somebody who has gone, or from before somebody looked."""
LOOKED_S = 5.0
"""How long after a request for pictures somebody still counts as looking."""
JUDGED_S = 5.0
"""How long after values were read to be judged no pictures are taken: watching must not change what is judged."""
_COUNTED = 10
_START = b"\xff\xd8\xff"


class BadPicture(ValueError):
    """A published picture is none; the message is one line."""


@dataclass(frozen=True)
class Picture:
    """`number` grows with each picture of a client."""

    number: int
    jpeg: bytes
    at_s: float


class Pictures:
    """The newest picture of each peer. At most 32 of 32 kB each: one of another peer replaces the oldest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, Picture] = {}
        self._count = 0
        self._looked_s = -LOOKED_S
        self._judged_s = -JUDGED_S
        self._costs: deque[tuple[float, float]] = deque(maxlen=_COUNTED)
        """When each of the last pictures came, and the CPU time that it took, in seconds."""

    @property
    def wanted(self) -> bool:
        """Whether somebody has asked for pictures within the last five seconds, and nobody judges."""
        return self._clock() - self._looked_s < LOOKED_S and not self.judged

    @property
    def judged(self) -> bool:
        """Whether somebody has read values to judge them within the last five seconds."""
        return self._clock() - self._judged_s < JUDGED_S

    def hold_off(self) -> None:
        """Take no pictures for the next five seconds, because the call is judged."""
        self._judged_s = self._clock()

    def publish(self, peer: str, jpeg: bytes, cpu_s: float) -> None:
        """Keep a picture of `peer`, which took so much CPU time. On BadPicture nothing changes."""
        if not peer.isprintable() or len(peer) > MOST_NAME:
            raise BadPicture(f"the name of a peer is at most {MOST_NAME} printable characters")
        if not jpeg.startswith(_START):
            raise BadPicture("the body is not a JPEG picture")
        if peer not in self._kept and len(self._kept) >= MOST_PEERS:
            del self._kept[min(self._kept, key=lambda kept: self._kept[kept].number)]
        self._count += 1
        self._kept[peer] = Picture(self._count, jpeg, self._clock())
        self._costs.append((self._clock(), cpu_s))

    def get(self, peer: str) -> Picture | None:
        """The picture of a peer, unless it is old. Whoever asks counts as looking."""
        self._looked_s = self._clock()
        picture = self._kept.get(peer)
        return picture if picture and self._is_fresh(picture) else None

    def report(self, after: int = 0) -> dict[str, Any]:
        """The pictures after this number, and what taking them costs in % of a core; whoever asks counts as looking."""
        now = self._looked_s = self._clock()
        fresh = {peer: one for peer, one in self._kept.items() if one.number > after and self._is_fresh(one)}
        return {
            "pictures": {
                peer: {
                    "number": one.number,
                    "age_s": round(now - one.at_s, 3),
                    "jpeg": base64.b64encode(one.jpeg).decode(),
                }
                for peer, one in fresh.items()
            },
            "count": self._count,
            "cpu_percent": self._cost(now),
            "judged": self.judged,
        }

    def _cost(self, now: float) -> float | None:
        """Of the last pictures; None unless there are two recent ones."""
        recent = [(at, cpu_s) for at, cpu_s in self._costs if now - at <= _COUNTED + FRESH_S]
        if len(recent) < 2 or recent[-1][0] == recent[0][0]:
            return None
        return round(100 * sum(cpu_s for _, cpu_s in recent[1:]) / (recent[-1][0] - recent[0][0]), 2)

    def _is_fresh(self, picture: Picture) -> bool:
        return self._clock() - picture.at_s < FRESH_S
