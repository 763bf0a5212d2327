"""The network of a recorded call, from what the browser knew of it: estimates, round trips and counters of packets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...text.quantities import counted
from .capacity import RateLimit, limits
from .getstats import Connections, PeerConnection, Points, growths, refuse_length
from .recording import LinkRecording, StepSeries

STEP_S = 1.0
"""Browsers' dumps have statistics of each second; values are on a raster of that."""
BASE_S = 5.0
"""The delay at a time is the shortest within so many seconds before and after it: without the queue of the moment."""
LOSS_S = 2.5
"""Loss is counted over so many seconds before and after a time: it is reported late, and of few packets."""
LEAST_GAP_S = 2.0

LIMITED = (
    "the rate is known only where the browser's estimate (availableOutgoingBitrate) fell, as 1/0.85 of that; elsewhere "
    "it is not limited: the estimate is never more than what was sent or probed"
)
UNLIMITED = (
    "the browser's estimate of the rate (availableOutgoingBitrate) never fell by a tenth: none is limited, since the "
    "estimate is never more than what was sent or probed"
)
HALVED = "one way is half of the round trip, the shortest within 5 s: queues are left to the rate"
LOST = "loss includes what a full queue dropped"
UNKNOWN = "the rate towards the client is not known, so it is not limited"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecording:
    """Both directions of a client's network.

    All series last `lasts_s`. The rate of egress is a capacity during `limits`, else the browser's estimate.
    `gaps` (start and end in s) are times in which nothing arrived; `notes` say what the dump does not show.
    """

    form: str
    lasts_s: float
    egress: LinkRecording
    ingress: LinkRecording
    limits: tuple[RateLimit, ...]
    gaps: tuple[tuple[float, float], ...]
    notes: tuple[str, ...]

    def direction(self, name: str) -> LinkRecording:
        """The recording of `ingress` or `egress`; raises ValueError if the dump has nothing of it."""
        found = self.egress if name == "egress" else self.ingress
        if not (found.rate or found.delay):
            raise ValueError(f"has neither a rate nor a round trip for {name}")
        return replace(found, note="; ".join(self.notes))


def recorded_call(connections: Connections, form: str) -> CallRecording:
    """What the connection that sent the most, and the one that received the most, say; raises ValueError."""
    sender = _busiest(connections, "bytesSent")
    receiver = _busiest(connections, "bytesReceived")
    start, end = _span(sender, receiver)
    raster = _Raster(start, max(1, math.ceil((end - start) / STEP_S)))
    gaps = tuple((first - start, last - start) for first, last in _gaps(sender))
    estimate = [(at, value) for at, value in _active(sender, "availableOutgoingBitrate") if value]
    found = tuple(RateLimit(one.start_s - start, one.end_s - start, one.bps) for one in limits(estimate))
    rate = _with(raster.held(estimate), found, gaps)
    up, down = (raster.shortest(_round_trips(one)) for one in (sender, receiver))
    lost, missing = raster.share(*_sent(sender)), raster.share(*_received(receiver))
    if not (rate or up or down or lost or missing):
        raise ValueError("has no estimate of the rate, no round trip, and no count of lost packets")
    return CallRecording(
        form=form,
        lasts_s=raster.count * STEP_S,
        egress=LinkRecording(form=form, rate=rate, delay=up, loss=lost),
        ingress=LinkRecording(form=form, delay=down, loss=missing),
        limits=found,
        gaps=gaps,
        notes=(*_notes(rate, found, gaps), *_left_out(connections, sender, receiver)),
    )


def _busiest(connections: Connections, counter: str) -> PeerConnection:
    found = max(connections.values(), key=lambda one: one.total("candidate-pair", counter), default=None)
    if found is None or not found.total("candidate-pair", counter):
        raise ValueError(
            "has no connection with statistics over time: open webrtc-internals, or load rtcstats, during the call"
        )
    return found


def _span(*connections: PeerConnection) -> tuple[float, float]:
    every = [points for one in connections for points in one.series("candidate-pair", "bytesSent")]
    start, end = min(points[0][0] for points in every), max(points[-1][0] for points in every)
    refuse_length(start, end)
    return start, end


def _active(connection: PeerConnection, name: str) -> Points:
    """The values of the candidate pair that was used at each time."""
    found: dict[float, float] = {}
    for one in connection.objects.values():
        if one.kind == "candidate-pair":
            used = {at for at, growth in growths(one.series.get("bytesSent", [])) if growth}
            found |= {at: value for at, value in one.series.get(name, []) if at in used}
    return sorted(found.items())


def _round_trips(connection: PeerConnection) -> Points:
    """In seconds: of the connectivity checks, else of RTCP (Firefox has only these)."""
    found = _active(connection, "currentRoundTripTime")
    return found or sorted(
        point for points in connection.series("remote-inbound-rtp", "roundTripTime") for point in points
    )


def _sent(connection: PeerConnection) -> tuple[list[Points], list[Points]]:
    return connection.series("remote-inbound-rtp", "packetsLost"), connection.series("outbound-rtp", "packetsSent")


def _received(connection: PeerConnection) -> tuple[list[Points], list[Points]]:
    lost = connection.series("inbound-rtp", "packetsLost")
    return lost, [*connection.series("inbound-rtp", "packetsReceived"), *lost]


def _gaps(connection: PeerConnection) -> Iterator[tuple[float, float]]:
    """Times in which something was sent and nothing received, not even feedback."""
    received = dict.fromkeys(at for at, growth in _grown(connection, "bytesReceived") if growth)
    sent = [at for at, growth in _grown(connection, "bytesSent") if growth]
    last, silent = math.nan, math.nan
    for at in sent:
        if at not in received:
            silent = at
            continue
        if silent - last >= LEAST_GAP_S:
            yield last, silent
        last, silent = at, math.nan
    if silent - last >= LEAST_GAP_S:
        yield last, silent


def _grown(connection: PeerConnection, name: str) -> Points:
    every = connection.series("candidate-pair", name)
    return sorted(point for points in every for point in growths(points))


def _with(
    estimate: StepSeries | None, found: tuple[RateLimit, ...], gaps: tuple[tuple[float, float], ...]
) -> StepSeries | None:
    """The estimate, but the capacity where it is known, and 0 in gaps."""
    if estimate is None:
        return None
    values = list(estimate.values)
    for limit in found:
        for number in steps_in(limit.start_s, limit.end_s, len(values)):
            values[number] = limit.bps
    for first, last in gaps:
        for number in steps_in(first, last, len(values)):
            values[number] = 0.0
    return StepSeries(estimate.times_s, values, estimate.lasts_s)


def steps_in(start_s: float, end_s: float, count: int) -> range:
    """The steps, of so many, that lie between two times, each rounded to whole steps."""
    return range(round(start_s / STEP_S), min(count, round(end_s / STEP_S)))


def _notes(
    rate: StepSeries | None, found: tuple[RateLimit, ...], gaps: tuple[tuple[float, float], ...]
) -> Iterator[str]:
    if found:
        yield LIMITED
    else:
        yield UNLIMITED if rate else "the dump has no estimate of the rate (only Chromium has one): none is limited"
    yield HALVED
    yield LOST
    yield UNKNOWN
    if gaps:
        total = sum(last - first for first, last in gaps)
        yield f"nothing arrived in {counted(len(gaps), 'gap')}, {total:.0f} s in all: there, both directions are cut"


def _left_out(connections: Connections, sender: PeerConnection, receiver: PeerConnection) -> Iterator[str]:
    others = len(connections) - len({sender.name, receiver.name})
    if others:
        yield f"{counted(others, 'connection')} that sent and received less {'is' if others == 1 else 'are'} left out"


@dataclass(frozen=True, slots=True)
class _Raster:
    """Seconds since 1970 at which the recording begins, and the number of steps."""

    start_s: float
    count: int

    def held(self, points: Points) -> StepSeries | None:
        """The newest value at the end of each step; before the first, that one."""
        if not points:
            return None
        newest = {self._step(at): value for at, value in points}
        values = [points[0][1]]
        for number in range(self.count):
            values.append(newest.get(number, values[-1]))
        return self._series(values[1:])

    def shortest(self, round_trips: Points) -> StepSeries | None:
        """Half of the shortest round trip around each step, in ms."""
        held = self.held(round_trips)
        if held is None:
            return None
        return self._series([min(held.values[span]) * 500 for span in self._around(BASE_S)])

    def share(self, some: list[Points], every: list[Points]) -> StepSeries | None:
        """How much the first counters grew, per growth of the second ones, around each step; 0 to 1."""
        if not some or not every:
            return None
        part, whole = self._growth(some), self._growth(every)
        return self._series([min(1.0, sum(part[span]) / max(1.0, sum(whole[span]))) for span in self._around(LOSS_S)])

    def _growth(self, counters: list[Points]) -> list[float]:
        sums = [0.0] * self.count
        for points in counters:
            for at, growth in growths(points):
                sums[self._step(at)] += growth
        return sums

    def _around(self, reach_s: float) -> list[slice]:
        """For each step, the steps up to so many seconds before and after it."""
        reach = round(reach_s / STEP_S)
        return [slice(max(0, number - reach), number + reach + 1) for number in range(self.count)]

    def _series(self, values: list[float]) -> StepSeries:
        return StepSeries([number * STEP_S for number in range(self.count)], values, self.count * STEP_S)

    def _step(self, at_s: float) -> int:
        return min(max(0, int((at_s - self.start_s) / STEP_S)), self.count - 1)
