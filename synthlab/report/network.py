"""Chart rows of a client's network: configured and measured values, per direction and flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from syntheticnet.conditions import DIRECTIONS, LinkConditions, longest_wait_ms

from ..contract import OWN_CAUSES
from ..scenario.record import Series
from .chart import APART_S, ChartLine, Look, Plotted, Row, broken
from .configured import ConfiguredLinks, least_delay_ms, loss_share, most_delay_ms, rate_bps, trace_names

MOST_FLOWS = 4
"""Drawn per client."""
FAINT_MS = 5.0

_ORDER = tuple(reversed(DIRECTIONS))
"""Egress first: what a client sends through its bad network is what the others notice."""


def network_rows(client: str, samples: Mapping[str, Series], configured: ConfiguredLinks) -> Iterator[Row]:
    """The rows of the whole link, without those that have nothing to show."""
    return _Scope(client, None, samples, configured).shown()


def flow_rows(
    client: str, samples: Mapping[str, Series], configured: ConfiguredLinks
) -> Iterator[tuple[str, tuple[Row, ...]]]:
    """The rows of each flow, likewise, by its name."""
    for flow in configured.flows[:MOST_FLOWS]:
        if rows := tuple(_Scope(client, flow, samples, configured).shown()):
            yield flow, rows


@dataclass(frozen=True, slots=True)
class _Scope:
    """A client's link, or one of its flows."""

    client: str
    flow: str | None
    samples: Mapping[str, Series]
    configured: ConfiguredLinks

    def shown(self) -> Iterator[Row]:
        return (row for row in self._rows() if not is_empty(row))

    def _rows(self) -> Iterator[Row]:
        for direction in _ORDER:
            yield self._rate(direction)
        yield self._both("loss", "%", self._loss)
        for direction in _ORDER:
            yield self._delay(direction)
        for direction in _ORDER:
            yield self._queue_delay(direction)
        yield self._both("packets in queues and delays", "packets", self._queued)
        yield self._both("dropped packets", "/s", self._dropped)

    def _prefix(self, direction: str) -> str:
        return ".".join((self.client, *(("flows", self.flow) if self.flow else ()), direction))

    def _rate(self, direction: str) -> Row:
        links = self.configured.links(direction, self.flow)
        lines = [
            *self._configured_line(direction, "configured", rate_bps),
            *self._achieved(direction, "rate", "achieved"),
        ]
        return Row(f"{direction} rate{_traced(links, 'rate_trace')}", "bit/s", tuple(lines))

    def _loss(self, direction: str) -> Iterator[ChartLine]:
        yield from self._configured_line(direction, f"{direction} configured", loss_share)
        yield from self._achieved(direction, "loss", f"{direction} achieved")

    def _delay(self, direction: str) -> Row:
        links = self.configured.links(direction, self.flow)
        lines = [
            *self._configured_line(direction, "configured", most_delay_ms, least_delay_ms),
            *self._achieved(direction, "delay_p50", "achieved p50"),
            *self._achieved(direction, "delay_p99", "achieved p99", "dashed"),
        ]
        return Row(f"{direction} delay{_traced(links, 'delay_trace')}", "ms", tuple(lines))

    def _queue_delay(self, direction: str) -> Row:
        achieved = [
            *self._achieved(direction, "queue_delay_p50", "achieved p50"),
            *self._achieved(direction, "queue_delay_p95", "achieved p95", "dashed"),
        ]
        configured = self._configured_line(direction, "longest possible", longest_wait_ms) if achieved else ()
        return Row(f"{direction} delay in the queue", "ms", (*configured, *achieved))

    def _queued(self, direction: str) -> Iterator[ChartLine]:
        yield from self._achieved(direction, "queued", direction)

    def _dropped(self, direction: str) -> Iterator[ChartLine]:
        """A line for each cause that dropped any packet."""
        start = f"{self._prefix(direction)}.dropped."
        causes = {name.removeprefix(start): series for name, series in self.samples.items() if name.startswith(start)}
        padded = {cause: self._from_zero(direction, series) for cause, series in causes.items()}
        active = {cause: series for cause, series in padded.items() if any(growth(series)[1])}
        for number, cause in enumerate(sorted(active)):
            times, values = growth(active[cause])
            name = f"{direction} {cause}{' (by the lab itself)' if cause in OWN_CAUSES else ''}"
            yield ChartLine(
                name=name, colour=direction, times_s=times, values=values, look="dashed" if number % 2 else "solid"
            )

    def _from_zero(self, direction: str, series: Series) -> Series:
        """Prepend zeros: a cause is reported only from its first drop on, while queued packets always are."""
        queued = self.samples.get(f"{self._prefix(direction)}.queued")
        before = [time for time in queued.times_s if time < series.times_s[0]] if queued and series.times_s else []
        return Series(times_s=[*before, *series.times_s], values=[*(0.0 for _ in before), *series.values])

    def _both(self, title: str, unit: str, lines: Callable[[str], Iterator[ChartLine]]) -> Row:
        return Row(title, unit, tuple(line for direction in _ORDER for line in lines(direction)))

    def _achieved(self, direction: str, number: str, name: str, look: Look = "solid") -> Iterator[ChartLine]:
        series = self.samples.get(f"{self._prefix(direction)}.{number}")
        if series is not None and series.times_s:
            times, values = broken(series.times_s, series.values)
            yield ChartLine(name=name, colour=direction, times_s=times, values=values, look=look)

    def _configured_line(
        self,
        direction: str,
        name: str,
        value: Callable[[LinkConditions], float | None],
        low: Callable[[LinkConditions], float | None] | None = None,
    ) -> Iterator[ChartLine]:
        links = self.configured.links(direction, self.flow)
        times, values = self.configured.over(links, value)
        lows = self.configured.over(links, low)[1] if low else None
        if any(one is not None for one in values):
            yield ChartLine(name=name, colour=direction, times_s=times, values=values, low=lows, look="configured")


def is_empty(row: Row) -> bool:
    """Whether a row has nothing to show: nothing is configured in it, and nothing but zeros was measured.

    A delay below FAINT_MS is the forwarder's own.
    """
    least = FAINT_MS if row.unit == "ms" else 0.0
    values = (value for line in row.lines for value in line.values if line.look != "configured")
    return not any(line.look == "configured" for line in row.lines) and not any(
        isinstance(value, int | float) and value > least for value in values
    )


def growth(series: Series) -> tuple[list[float], list[Plotted]]:
    """The rate of a counter, per second, at the end of each interval; a gap where it was reset or not read."""
    times: list[float] = []
    values: list[Plotted] = []
    for (before_s, before), (at_s, count) in pairwise(zip(series.times_s, series.values, strict=True)):
        if isinstance(before, str) or isinstance(count, str) or at_s <= before_s:
            continue
        times.append(at_s)
        if before is None or count is None or at_s - before_s > APART_S or count < before:
            values.append(None)
        else:
            values.append((count - before) / (at_s - before_s))
    return times, values


def _traced(links: Sequence[LinkConditions | None], of: str) -> str:
    names = trace_names(links, of)
    return f" (trace {', '.join(names)})" if names else ""
