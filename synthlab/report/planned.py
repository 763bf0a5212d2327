"""A chart of a plan before it is played: the steps over time, and each client's planned conditions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from ..scenario import Plan, StepRun, Visit
from ..scenario.actions import Baseline, Judge, lasts_ns
from ..scenario.plan_text import plan_text
from ..text.durations import format_duration, seconds_of
from .chart import Axis, Bar, ChartMark
from .chart_data import ChartData
from .client_charts import ShownChart, shown
from .configured import ConfiguredLinks
from .network import flow_rows, network_rows
from .page import page
from .planned_conditions import plan_conditions
from .states import planned_states

MOST_DRAWN = 16


def planned_page(plan: Plan) -> str:
    """One HTML file that opens offline. Steps are drawn at their earliest time, with a paler bar up to the latest."""
    drawings = PlanDrawings(plan)
    return page(
        "planned.html.j2", title=f"{plan.scenario.name}: plan", plan=plan, drawings=drawings, text=plan_text(plan)
    )


class PlanDrawings:
    """The lanes and charts of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.data = ChartData(self.axis)
        self.clients = list(self._clients())
        """The clients with impaired conditions at any time, in stack order: name, charts, and charts of each flow."""

    @cached_property
    def axis(self) -> Axis:
        visits = list(self._plan.visits())
        marks = tuple(ChartMark(seconds_of(visit.earliest_ns), visit.run.mark) for visit in visits if visit.run.mark)
        ends = (bar.perhaps_s if bar.perhaps_s is not None else bar.ends_s for bar in self.step_bars)
        return Axis(begins_s=0.0, ends_s=max(1.0, *ends), marks=marks, baseline=_baseline(visits))

    @cached_property
    def step_bars(self) -> tuple[Bar, ...]:
        return tuple(_bar(visit) for visit in self._plan.visits())

    @property
    def varies(self) -> bool:
        return self._plan.least_ns != self._plan.most_ns

    @property
    def takes(self) -> str:
        least, most = format_duration(self._plan.least_ns), format_duration(self._plan.most_ns)
        return f"{least} to {most}" if self.varies else least

    def _clients(self) -> Iterator[tuple[str, tuple[ShownChart, ...], list[tuple[str, tuple[ShownChart, ...]]]]]:
        configured, visits = plan_conditions(self._plan, self.axis.ends_s), list(self._plan.visits())
        drawn = 0
        for name in dict.fromkeys(entry.client for entry in configured):
            links = ConfiguredLinks.of(configured, name, self.axis.ends_s)
            rows = [*planned_states(visits, name, self.axis.ends_s), *network_rows(name, {}, links)]
            flows = list(flow_rows(name, {}, links))
            if (rows or flows) and drawn < MOST_DRAWN:
                drawn += 1
                own = [(flow, shown(own, self.data, f"flow{drawn}-{at}")) for at, (flow, own) in enumerate(flows)]
                yield name, shown(rows, self.data, f"client{drawn}"), own


def _bar(visit: Visit) -> Bar:
    run = visit.run
    judged = any(isinstance(timed.action, Judge) for timed in run.actions)
    track = f"[{visit.track}] " if visit.track else ""
    return Bar(
        text=f"{'  ' * visit.depth}{track}{run.text}",
        colour="unsure" if judged else "step",
        begins_s=seconds_of(visit.earliest_ns),
        ends_s=seconds_of(visit.earliest_ns + max(run.least_ns, _in_force_ns(run))),
        perhaps_s=seconds_of(visit.latest_ns + max(run.most_ns, run.over_ns)),
        hover=tuple(_hover(visit)),
        id=run.id,
    )


def _in_force_ns(run: StepRun) -> int:
    """Seconds from a step's start until the last of its actions and changes ends, as far as known."""
    return max((timed.at_ns + lasts_ns(timed.action) for timed in run.actions), default=0)


def _hover(visit: Visit) -> Iterator[str]:
    run = visit.run
    yield run.text
    yield f"{run.place}, step {run.id}"
    earliest, latest = format_duration(visit.earliest_ns), format_duration(visit.latest_ns)
    yield f"starts at {earliest}" if earliest == latest else f"starts at {earliest}, at the latest at {latest}"
    yield from ([f"mark: {run.mark}"] if run.mark else ())


def _baseline(visits: list[Visit]) -> tuple[float, float] | None:
    for visit in visits:
        for timed in visit.run.actions:
            if isinstance(timed.action, Baseline):
                begins_ns = visit.earliest_ns + timed.at_ns
                return seconds_of(begins_ns), seconds_of(begins_ns + timed.action.for_ns)
    return None
