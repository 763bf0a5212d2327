"""A chart of a plan before it is played: the steps over time, and each client's planned conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..scenario import Plan, Run, Visit
from ..scenario.actions import Baseline, Judge, lasts_s
from ..scenario.formatting import seconds
from ..scenario.plan_text import plan_text
from .chart import Axis, Bar, Mark
from .configured import Wishes
from .draw_charts import draw_rows
from .draw_timeline import draw_lane
from .figure import Drawing
from .network import network_rows
from .page import page
from .planned_conditions import forecast

MOST_DRAWN = 16


def planned_page(plan: Plan) -> str:
    """One HTML file that opens offline. Steps are drawn at their earliest time, with a paler bar up to the latest."""
    drawings = PlanDrawings(plan)
    return page(
        "planned.html.j2", title=f"{plan.scenario.name}: plan", plan=plan, drawings=drawings, text=plan_text(plan)
    )


@dataclass(frozen=True)
class PlanDrawings:
    """The charts of one plan."""

    plan: Plan

    @property
    def axis(self) -> Axis:
        visits = list(self.plan.visits())
        marks = tuple(Mark(visit.earliest_s, visit.run.mark) for visit in visits if visit.run.mark)
        ends = (bar.perhaps_s if bar.perhaps_s is not None else bar.ends_s for bar in self._bars())
        return Axis(begins_s=0.0, ends_s=max(1.0, *ends), marks=marks, baseline=_baseline(visits))

    @property
    def lane(self) -> Drawing:
        return draw_lane(list(self._bars()), self.axis)

    @property
    def clients(self) -> Iterator[tuple[str, Drawing]]:
        """The clients with impaired conditions at any time, in stack order."""
        axis = self.axis
        configured = forecast(self.plan, axis.ends_s)
        names = dict.fromkeys(entry.client for entry in configured)
        rows = ((name, list(network_rows(name, {}, Wishes.of(configured, name, axis.ends_s)))) for name in names)
        impaired = [(name, own) for name, own in rows if own]
        return ((name, draw_rows(own, axis)) for name, own in impaired[:MOST_DRAWN])

    @property
    def varies(self) -> bool:
        return self.plan.least_s != self.plan.most_s

    @property
    def takes(self) -> str:
        least_s, most_s = self.plan.least_s, self.plan.most_s
        return f"{seconds(least_s)} to {seconds(most_s)}" if self.varies else seconds(least_s)

    def _bars(self) -> Iterator[Bar]:
        return (_bar(visit) for visit in self.plan.visits())


def _bar(visit: Visit) -> Bar:
    run = visit.run
    judged = any(isinstance(timed.action, Judge) for timed in run.actions)
    track = f"[{visit.track}] " if visit.track else ""
    latest_s = visit.latest_s + max(run.most_s, run.over_s)
    return Bar(
        text=f"{'  ' * visit.depth}{track}{run.text}",
        colour="unsure" if judged else "step",
        begins_s=visit.earliest_s,
        ends_s=visit.earliest_s + max(run.least_s, _in_force_s(run)),
        perhaps_s=latest_s,
        hover=tuple(_hover(visit)),
    )


def _in_force_s(run: Run) -> float:
    """Seconds from a step's start until the last of its actions and changes ends, as far as known."""
    return max((timed.at_s + lasts_s(timed.action) for timed in run.actions), default=0.0)


def _hover(visit: Visit) -> Iterator[str]:
    run = visit.run
    yield run.text
    yield f"{run.place}, step {run.id}"
    latest = "" if visit.latest_s == visit.earliest_s else f", at the latest at {seconds(visit.latest_s)}"
    yield f"starts at {seconds(visit.earliest_s)}{latest}"
    yield from ([f"mark: {run.mark}"] if run.mark else ())


def _baseline(visits: list[Visit]) -> tuple[float, float] | None:
    for visit in visits:
        for timed in visit.run.actions:
            if isinstance(timed.action, Baseline):
                begins_s = visit.earliest_s + timed.at_s
                return begins_s, begins_s + timed.action.for_s
    return None
