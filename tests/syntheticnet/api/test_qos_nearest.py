"""Conditions that `/qos` cannot express: the nearest spec, and what a posted change leaves alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.api import qos
from syntheticnet.api.qos_format import written
from syntheticnet.conditions import Conditions
from syntheticnet.elements.state_loss import StateLoss

from ..builders import Bench, packets, requested
from .qos_specs import PERFECT, SPECS

NEAREST = [
    ({"rate": "1mbit"}, {"rate": 1_000_000}),
    ({"rate": "1mbit", "queue": "1s", "aqm": "codel", "mtu": "1400b", "duplicate": "1%"}, {"rate": 1_000_000}),
    ({"outage": True}, {"rate": 0}),
    ({"reject": "reset", "rate": "1mbit"}, {"rate": 0}),
    ({"rate_trace": "lte.up"}, {}),
    ({"loss": "5%", "loss_burst": "4p"}, {"loss": 0.05}),
    ({"loss_every": "10p"}, {"loss": 0.1}),
    ({"loss_gemodel": "1% 9% 50% 0%"}, {"loss": 0.05}),
    ({"latency": "1.5ms"}, {"latency": 2}),
    ({"latency": "5ms", "jitter": "9ms"}, {"latency": 0, "jitter": 14, "jitter_strength": 1.0}),
    ({"latency": "9ms", "jitter": "5ms", "distribution": "normal"}, {"latency": 4, "jitter": 10, "jitter_strength": 1}),
    (
        {"latency": "9ms", "jitter": "5ms", "jitter_share": "50%"},
        {"latency": 9, "jitter": 5, "jitter_strength": 0.5},
    ),
]


@pytest.mark.issue(10)
@pytest.mark.parametrize(("native", "expected"), NEAREST)
def test_writes_the_nearest_the_format_can_express(native: dict[str, Any], expected: dict[str, Any]) -> None:
    """Any conditions can be written as a spec; posting it back changes nothing."""
    conditions = Conditions.from_dict({"egress": native})
    spec = written(conditions)
    assert spec["default_link"]["egress"] == pytest.approx(PERFECT | expected)
    assert qos.changed(conditions, spec) == conditions


@pytest.mark.issue(10)
@pytest.mark.parametrize("model", ["1% 10% 5% 50% 0.5%", "5% 40% 20% 30% 2%", "0% 10% 0% 100% 30%", "100% 0% 40% 10%"])
def test_the_share_of_a_loss_with_four_states(model: str) -> None:
    """The reported share equals what the element drops in the long run."""
    bench = Bench(3)
    StateLoss(requested(loss_state=model), bench.context).push(packets(100_000, size=1))
    result = written(Conditions.from_dict({"egress": {"loss_state": model}}))["default_link"]["egress"]["loss"]
    assert len(bench.dropped.packets) / 100_000 == pytest.approx(result, abs=0.012)  # 5 deviations, as bursts depend


@pytest.mark.issue(10)
def test_flows_that_the_format_cannot_name_are_left_alone() -> None:
    """They are left out and keep their positions; names that are not labels are shortened to valid ones."""
    match = {"*:udp": "*:udp", "[2001:db8::/32]": "", "sfu:udp": "", "udp": "*:udp:9", "default_2": "10.0.0.1"}
    flows = {name: {"match": text or name, "egress": {"loss": "5%"}} for name, text in match.items()}
    flows |= {"10.0.0.0/8": {}, "*:rtp,pt=96": {}}
    conditions = Conditions.from_dict({"flows": flows})
    spec = written(conditions)
    assert [flow["label"] for flow in spec["flows"]] == ["udp_2", "udp", "default_2"]
    assert qos.changed(conditions, spec) == conditions
    turned = qos.changed(conditions, spec | {"flows": spec["flows"][2:0:-1]})
    left = ["default_2", "[2001:db8::/32]", "sfu:udp", "udp", "10.0.0.0/8", "*:rtp,pt=96"]
    assert [flow.name for flow in turned.flows] == left


@pytest.mark.issue(10)
def test_only_what_is_touched_changes() -> None:
    """A spec that is read, edited and posted keeps a queue, duplicates or a shared bottleneck."""
    link = {"rate": "1mbit", "queue": "1s", "duplicate": "1%", "loss": "5%", "loss_burst": "4p", "latency": "1.5ms"}
    native = {"egress": link, "flows": {"*:udp": {"egress": {"corrupt": "1%"}}}, "seed": 7}
    conditions = Conditions.from_dict(native)
    spec = copy.deepcopy(written(conditions))
    spec["default_link"]["egress"]["rate"] = spec["flows"][0]["link"]["egress"]["rate"] = 2_000_000
    faster = link | {"rate": "2mbit", "overhead": "24b"}
    assert qos.changed(conditions, spec) == Conditions.from_dict(native | {"egress": faster})
    spec["default_link"]["egress"]["loss"] = 0.1
    lossy = {key: value for key, value in faster.items() if key != "loss_burst"} | {"loss": "10%"}
    flows = {"*:udp": {"egress": {"corrupt": "1%", "loss": "5%"}}}  # as the spec still says of it
    assert qos.changed(conditions, spec) == Conditions.from_dict(native | {"egress": lossy, "flows": flows})


def test_a_flow_with_another_match_is_another_flow() -> None:
    """It keeps its values, and gets the posted label as its name."""
    conditions = Conditions.from_dict({"flows": {"*:udp": {"egress": {"corrupt": "1%"}}}})
    spec = copy.deepcopy(written(conditions))
    spec["flows"][0]["flow"]["protocol"] = 6
    expected = {"udp": {"match": "*:tcp", "egress": {"corrupt": "1%"}}}
    assert qos.changed(conditions, spec) == Conditions.from_dict({"flows": expected})


def test_a_muted_link_loses_its_values_to_others() -> None:
    """A spec that sets a value of the link is in force when it is read back: the link is no longer muted."""
    conditions = Conditions.from_dict({"ingress": {"loss": "5%"}, "egress": {"loss": "6%"}, "muted": True})
    spec = copy.deepcopy(written(conditions))
    spec["default_link"]["egress"]["loss"] = 0.1
    assert qos.changed(conditions, spec) == Conditions.from_dict({"egress": {"loss": "10%"}})


def test_a_muted_flow_keeps_its_place() -> None:
    """It stays before the flow that it preceded, unless a new flow takes its name."""
    muted = {"match": "*:tcp", "egress": {"loss": "5%"}, "muted": True}
    conditions = Conditions.from_dict({"flows": {"a": {"match": "10.0.0.1"}, "b": muted, "c": {"match": "*:udp"}}})
    spec = copy.deepcopy(written(conditions))
    assert [flow["label"] for flow in spec["flows"]] == ["a", "c"]
    turned = qos.changed(conditions, spec | {"flows": spec["flows"][::-1]})
    assert [flow.name for flow in turned.flows] == ["b", "c", "a"]
    assert turned.flows[0] == conditions.flows[1]
    spec["flows"].append(spec["flows"][0] | {"label": "b"})
    taken = qos.changed(conditions, spec)
    assert [(flow.name, flow.muted) for flow in taken.flows] == [("a", False), ("c", False), ("b", False)]


_WORDS = [*(native for native, _ in NEAREST), {}, {"delay_trace": "wifi.delay"}, {"reordering": True, "jitter": "9ms"}]
_NATIVE = st.builds(
    lambda ingress, egress, own, names, muted: Conditions.from_dict(
        {
            "ingress": ingress,
            "egress": egress,
            "muted": muted == "link",
            "flows": {name: {"egress": own, "muted": muted == name} for name in names},
        }
    ),
    st.sampled_from(_WORDS),
    st.sampled_from(_WORDS),
    st.sampled_from(_WORDS),
    st.lists(st.sampled_from(["*:udp", "10.0.0.1", "sfu", "[2001:db8::1]", "*:tcp:80"]), unique=True),
    st.sampled_from(["", "link", "*:udp", "*:tcp:80"]),
)


@pytest.mark.issue(10)
@given(_NATIVE, SPECS)
def test_what_was_posted_is_reported_whatever_was_before(before: Conditions, spec: dict[str, Any]) -> None:
    """The spec read back equals the posted one, and posting it again changes nothing."""
    if any(flow["label"] == "default" for flow in spec["flows"]):
        return
    after = qos.changed(before, spec)
    assert written(after) == spec
    assert qos.changed(after, written(after)) == after
    assert qos.changed(before, written(before)) == before
