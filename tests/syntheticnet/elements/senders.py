"""Senders on a clock that the test moves: packets of one flow, at a steady pace or as TCP Reno would send them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from syntheticnet.elements.rate import Rate
from syntheticnet.packets.packet import IP, Conversation, Packet

from ..builders import CLIENT, MS, SECOND, SERVER, UDP, Bench, carrying, frame, ipv4, udp

FULL = 1514
ECT, CE = 2, 3
_HEADERS = 42


class Sender:
    """The packets of one UDP flow, known by its port."""

    def __init__(self, port: int, size: int = FULL, ecn: int = 0) -> None:
        buffer = bytearray(frame(ipv4(CLIENT, SERVER, UDP, udp(port, 9, bytes(size - _HEADERS)))))
        buffer[IP + 1] = ecn
        self.buffer = bytes(buffer)
        self.conversation = Conversation("link", "default")

    def packet(self, time: int) -> Packet:
        made = carrying(self.buffer, time)
        made.conversation = self.conversation
        return made

    def packets(self, count: int, time: int = 0, gap: int = 0) -> list[Packet]:
        return [self.packet(time + n * gap) for n in range(count)]

    def sent(self, packets: list[Packet]) -> list[Packet]:
        """Those of `packets` that are its own, in order."""
        return [packet for packet in packets if packet.conversation is self.conversation]


class Reno:
    """A sender with a window: one packet more per round trip, half of it after a loss or a mark (RFC 5681, 3.1)."""

    def __init__(self, sender: Sender, round_trip: int) -> None:
        self.sender = sender
        self.round_trip = round_trip
        self.window = 2.0
        self.in_flight = 0
        self.out: list[Packet] = []
        self._threshold = float("inf")
        self._signals: deque[tuple[int, bool]] = deque()
        self._patient_until = 0

    def send(self, now: int) -> list[Packet]:
        """What it sends at `now`."""
        while self._signals and self._signals[0][0] <= now:
            self._hear(self._signals.popleft()[1], now)
        count = max(0, int(self.window) - self.in_flight)
        self.in_flight += count
        return self.sender.packets(count, now)

    def learn(self, out: list[Packet], dropped: list[Packet], now: int) -> None:
        """Note what left and what was dropped; it hears of that a round trip later."""
        self.out += out
        lost = [(now + self.round_trip, True) for _ in dropped]
        heard = [(packet.time + self.round_trip, packet.buffer[IP + 1] & CE == CE) for packet in out]
        self._signals = deque(sorted([*self._signals, *heard, *lost]))

    def _hear(self, congested: bool, now: int) -> None:
        self.in_flight -= 1
        if not congested:
            self.window += 1 if self.window < self._threshold else 1 / self.window
        elif now >= self._patient_until:
            self.window = self._threshold = max(2.0, self.window / 2)
            self._patient_until = now + 2 * self.round_trip


def through(element: Rate, bench: Bench, reno: Reno, seconds: float, others: Iterable[Packet] = ()) -> list[Packet]:
    """What leaves a bottleneck while `reno` sends, beside other packets."""
    waiting = deque(others)
    out: list[Packet] = []
    for now in range(0, round(seconds * SECOND), MS):
        came: list[Packet] = []
        while waiting and waiting[0].time <= now:
            came.append(waiting.popleft())
        known = len(bench.dropped.packets)
        element.push(came + reno.send(now))
        left, _ = element.pop(now)
        out += left
        reno.learn(reno.sender.sent(left), reno.sender.sent(bench.dropped.packets[known:]), now)
    return out


def waits_ms(packets: list[Packet], after_s: float = 0) -> list[float]:
    """How long each packet that came `after_s` was under way."""
    return [(packet.time - packet.entered) / MS for packet in packets if packet.entered >= after_s * SECOND]
