"""Random valid scenarios: nothing crashes, and a seed always gives the same plan."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syntheticnet.conditions import Conditions
from synthlab.errors import WrongUse
from synthlab.scenario import Plan, dry_run, make_plan, read_scenario, timeline
from synthlab.scenario.actions import Change
from synthlab.scenario.plan_text import plan_text
from synthlab.scenario.schema import scenario_schema

from .files import STACK
from .validator import mistakes

Step = dict[str, Any]

names = st.sampled_from(["client1", "client2", "bot", "bot-1", "all"])
clients = names | st.lists(names, min_size=1, max_size=3)
sides = st.sampled_from(["ingress", "egress", "both"])
times = st.integers(1, 20).map("{}s".format)
shares = st.integers(1, 50).map("{}%".format)
rates = st.integers(50, 9000).map("{}kbit".format)
delays = st.integers(0, 500).map("{}ms".format)
values = st.fixed_dictionaries({}, optional={"rate": rates, "loss": shares, "latency": delays, "jitter": delays})
pairs = st.fixed_dictionaries(
    {"rate": st.tuples(rates, rates).map(list)}, optional={"loss": st.tuples(shares, shares).map(list)}
)
numbers = st.sampled_from(["client1.video.client2.fps", "client2.sent.video.kbps", "bot-1.egress.packets"])
expressions = st.builds("{} {} {}".format, numbers, st.sampled_from(["<", ">=", "!="]), st.integers(0, 100))


def changing(kind: str, inner: st.SearchStrategy[Any], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """A step that changes conditions of one side."""
    return st.tuples(sides, inner.filter(bool), st.fixed_dictionaries({kind: clients, **more})).map(
        lambda made: {**made[2], made[0]: made[1]}
    )


def optionally(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.fixed_dictionaries(required, optional=optional)


leaves: st.SearchStrategy[Step] = st.one_of(
    changing("set", values),
    changing("set", values, **{"for": times}),
    changing("ramp", pairs, over=times, shape=st.sampled_from(["linear", "exponential"])),
    changing("wave", pairs, period=times, shape=st.sampled_from(["sine", "square"]), **{"for": times}),
    changing("random", pairs, **{"for": times}),
    optionally({"reset": clients}),
    optionally({"block": st.sampled_from(["*:udp", "sfu", "*:rtp"])}, on=clients, **{"for": times}),
    optionally({"partition": st.just(["client1", "sfu"])}, direction=st.sampled_from(["both", "a-to-b", "b-to-a"])),
    optionally({"link": st.just("down"), "on": clients}, **{"for": times}),
    optionally({"expect": expressions}, within=times, **{"for": times}),
    optionally({"never": expressions, "for": times}),
    optionally({"recovers": expressions, "within": times}, **{"for": times}),
    optionally({"baseline": st.integers(2, 9).map("{}s".format)}),
    optionally({"wait": times}),
    optionally({"mark": st.sampled_from(["here", "there"])}),
    optionally({"traffic": st.just("client1"), "for": times}, rate=rates),
)


def nested(steps: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    lists = st.lists(steps, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"repeat": st.integers(1, 3), "steps": lists}),
        st.fixed_dictionaries({"parallel": st.lists(lists, min_size=1, max_size=3)}),
    )


def timed(step: Step, when: tuple[str, int]) -> Step:
    key, seconds = when
    return {key: f"{seconds}s", **step} if key else step


steps = st.recursive(leaves, nested, max_leaves=6)
whens = st.tuples(st.sampled_from(["", "", "after"]), st.integers(0, 9))
scenarios = st.lists(st.builds(timed, steps, whens), min_size=1, max_size=5)


def refusal(plan: Plan) -> str:
    """The error of the dry run, if any."""
    try:
        dry_run(plan)
    except WrongUse as error:
        return error.message
    return ""


def plan_of(made: list[Step], seed: int) -> Plan:
    """By way of a file."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "call.yaml").write_text(STACK)
        file = Path(folder) / "s.yaml"
        file.write_text(json.dumps({"stack": "call.yaml", "steps": made}))
        return make_plan(read_scenario(str(file), environment={}), seed)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios, st.integers(0, 2**63 - 1))
def test_any_scenario(made: list[Step], seed: int) -> None:
    """It gives the same plan each time; an error of the dry run is one line."""
    plan = plan_of(made, seed)
    shown = plan_text(plan, every=True)
    assert shown.splitlines()[1:] == plan_text(plan_of(made, seed), every=True).splitlines()[1:]
    assert 0 <= plan.track.least_ns <= plan.track.most_ns
    for late in (False, True):
        events = timeline(plan.track, late)
        assert [event.at_ns for event in events] == sorted(event.at_ns for event in events)
    assert "\n" not in refusal(plan)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios)
def test_any_change(made: list[Step]) -> None:
    """Every change is valid with a valid lease, and the file matches the schema."""
    schema = scenario_schema()
    assert list(mistakes({"stack": "call.yaml", "steps": made}, schema, schema)) == []
    for event in timeline(plan_of(made, 1).track):
        if isinstance(event.action, Change):
            Conditions().changed(event.action.change)
            assert event.action.lease_ns is None or event.action.lease_ns >= 100_000_000
            assert event.action.clients
