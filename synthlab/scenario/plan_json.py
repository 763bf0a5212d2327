"""A plan as JSON-compatible data, for programs."""

from __future__ import annotations

from typing import Any

from ..text.durations import seconds_of
from .plan import Plan, Visit


def plan_data(plan: Plan) -> dict[str, Any]:
    """The contents of the plan's text, with every action; times are seconds since the start of the first step."""
    return summary(plan) | {"steps": [_step(visit) for visit in plan.visits()]}


def summary(plan: Plan) -> dict[str, Any]:
    """The plan's data without its steps."""
    scenario = plan.scenario
    return {
        "scenario": scenario.name,
        "file": scenario.file,
        "about": scenario.about,
        "stack": scenario.stack_file,
        "seed": plan.seed,
        "variables": dict(scenario.vars),
        "clients": list(plan.clients),
        "least_s": seconds_of(plan.least_ns),
        "most_s": seconds_of(plan.most_ns),
    }


def _step(visit: Visit) -> dict[str, Any]:
    """Earliest and latest start; `least_s`, `most_s`, `over_s` and the times of actions count from the start."""
    run = visit.run
    return {
        "id": run.id,
        "kind": run.kind,
        "text": run.text,
        "mark": run.mark,
        "place": str(run.place),
        "track": visit.track,
        "depth": visit.depth,
        "earliest_s": seconds_of(visit.earliest_ns),
        "latest_s": seconds_of(visit.latest_ns),
        "least_s": seconds_of(run.least_ns),
        "most_s": seconds_of(run.most_ns),
        "over_s": seconds_of(run.over_ns),
        "actions": [{"at_s": seconds_of(timed.at_ns), "text": str(timed.action)} for timed in run.actions],
    }
