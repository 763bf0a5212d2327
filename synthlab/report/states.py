"""The chart row of the states that a client's network walks between, by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..scenario import Visit
from ..scenario.actions import Change
from ..scenario.record import Played, Record, Series
from ..text.durations import seconds_of
from .chart import ChartLine, Row

Stays = Sequence[tuple[float, str | None]]
"""Names of states, each from its time in seconds until the next one; None: in no state."""

OWN, PLAYED = "state", "in the scenario"
_COLOURS = {OWN: "series1", PLAYED: "series2"}


def recorded_states(record: Record, client: str, ends_s: float) -> Iterator[Row]:
    """The row of a run: the walk in the client itself, and that of the scenario; none without states."""
    configured = [(one.at_s, one.conditions.get("state")) for one in record.configured if one.client == client]
    played = [stay for step in record.steps if client in step.clients for stay in _played(step, record.duration_s)]
    yield from _row({OWN: configured, PLAYED: played}, _sampled(record, client), ends_s)


def planned_states(visits: Iterable[Visit], client: str, ends_s: float) -> Iterator[Row]:
    """The row of a plan: the walk of the scenario. That in the client itself is not known before."""
    stays: list[tuple[float, str | None]] = []
    for visit in visits:
        part = visit.run.part
        if any(isinstance(timed.action, Change) and client in timed.action.clients for timed in part.actions):
            stays += [(seconds_of(visit.earliest_ns + at_ns), name) for at_ns, name in part.stays]
            stays += [(seconds_of(visit.earliest_ns + visit.run.over_ns), None)] if part.stays else []
    yield from _row({PLAYED: stays}, (), ends_s)


def _played(step: Played, duration_s: float) -> Iterator[tuple[float, str | None]]:
    """The stays of one step, as far as it was played."""
    if step.began_s is None or not step.stays:
        return
    until_s = duration_s if step.until_s is None else step.until_s
    yield from ((step.began_s + at_s, name) for at_s, name in step.stays if step.began_s + at_s < until_s)
    yield until_s, None


def _sampled(record: Record, client: str) -> Sequence[float]:
    """Times at which a number of the client was measured: hovering there shows the state, too."""
    series: Series | None = next((one for name, one in record.samples.items() if name.startswith(f"{client}.")), None)
    return series.times_s if series else ()


def _row(stays: Mapping[str, Stays], also_s: Sequence[float], ends_s: float) -> Iterator[Row]:
    begun = {name: sorted(own, key=_time) for name, own in stays.items() if any(state for _, state in own)}
    lines = tuple(_line(name, own, also_s, ends_s) for name, own in begun.items())
    if lines:
        yield Row("state", "", lines)


def _line(name: str, stays: Stays, also_s: Iterable[float], ends_s: float) -> ChartLine:
    """The names as steps: at the end of the last of a row of stays, its name is repeated before the gap."""
    times: list[float] = []
    values: list[str | None] = []
    others = [(time, False, None) for time in also_s if stays[0][0] < time < ends_s]
    begun = [(time, True, state) for time, state in stays if time <= ends_s]
    present: str | None = None
    for time, is_begin, state in sorted([*begun, *others, (ends_s, False, None)], key=_time):
        after = state if is_begin else present
        if present is not None and after is None:
            times.append(time)
            values.append(present)
        times.append(time)
        values.append(after)
        present = after
    return ChartLine(name=name, colour=_COLOURS[name], times_s=times, values=values)


def _time(one: tuple[float, object] | tuple[float, bool, object]) -> float:
    return one[0]
