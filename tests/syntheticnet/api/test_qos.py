"""`/qos`, the wire format of existing scripts: to conditions and back."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given

from syntheticnet.api import qos
from syntheticnet.api.qos_format import written
from syntheticnet.conditions import Conditions, ConditionsError

from ..builders import exactly
from .qos_specs import PERFECT, SPECS

Q = PERFECT | {"rate": 10_000_000}
SPEC: dict[str, Any] = {
    "default_link": {"ingress": Q, "egress": Q},
    "flows": [
        {
            "label": "udp",
            "flow": {"ip": 0, "protocol": 17, "port_min": 0, "port_max": 65535},
            "link": {"ingress": Q, "egress": Q},
        }
    ],
}


def test_the_example_of_the_format_round_trips() -> None:
    """A posted spec is read back unchanged, also after conversion to native form."""
    conditions = qos.parse(SPEC)
    assert written(conditions) == SPEC
    stored = Conditions.from_dict(json.loads(json.dumps(conditions.to_dict())))
    assert stored == conditions
    assert written(stored) == SPEC


def test_what_the_values_mean() -> None:
    """Bits per second with 24 octets per packet, shares, milliseconds, and one-sided jitter on a share of packets."""
    link = {
        "rate": 1_000_000,
        "loss": 0.05,
        "latency": 80,
        "jitter": 20,
        "jitter_strength": 0.5,
        "reorder_packets": True,
    }
    egress = qos.parse({"default_link": {"ingress": PERFECT, "egress": link}, "flows": []}).egress
    assert egress.to_dict() == {
        "rate": "1mbit",
        "overhead": "24b",
        "loss": "5%",
        "latency": "80ms",
        "jitter": "20ms",
        "distribution": "one-sided",
        "jitter_share": "50%",
        "reordering": True,
    }


def test_ten_gigabit_is_unlimited() -> None:
    """The format cannot say "no limit": its largest rates mean that."""
    assert qos.parse(SPEC | {"default_link": {"ingress": PERFECT, "egress": PERFECT}}).egress.rate_bps == float("inf")


def test_what_a_flow_matches() -> None:
    """The first octet of an address is the lowest byte; 0 matches any address."""
    spec = copy.deepcopy(SPEC)
    spec["flows"][0]["flow"] = {"ip": 0x0100007F, "protocol": 0, "port_min": 1, "port_max": 1000}
    conditions = qos.parse(spec)
    assert str(conditions.flows[0].match) == "127.0.0.1:*:1-1000"
    assert conditions.flows[0].name == "udp"
    assert written(conditions) == spec


def test_a_flow_carries_all_values() -> None:
    """A flow in this format inherits nothing: 0 loss is set explicitly."""
    flow = qos.parse(SPEC).flows[0]
    assert all(value is not None for value in (flow.egress.rate_bps, flow.egress.loss, flow.egress.latency_ns))
    assert flow.egress.reordering is False


def test_hidden_flows_are_accepted() -> None:
    """The first matching flow wins; a flow that can never match is allowed and kept."""
    spec = copy.deepcopy(SPEC)
    spec["flows"].append(spec["flows"][0] | {"label": "hidden"})
    conditions = Conditions.from_dict(qos.parse(spec).to_dict())
    assert written(conditions) == spec


def _with(path: str, value: Any) -> dict[str, Any]:
    """The example with one value replaced, or removed by `...`."""
    spec: Any = json.loads(json.dumps(SPEC))  # no part shared
    inner, keys = spec, path.split(".")
    for key in keys[:-1]:
        inner = inner[int(key) if key.isdecimal() else key]
    if value is ...:
        del inner[keys[-1]]
    else:
        inner[keys[-1]] = value
    result: dict[str, Any] = spec
    return result


LABEL = "is not a label: use letters, digits and _, but not 'default'"


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (None, "is not an object with default_link, flows"),
        ([], "is not an object with default_link, flows"),
        ({"default_link": {"ingress": Q, "egress": Q}}, "flows: is missing"),
        (SPEC | {"flows": {}}, "flows: is not a list"),
        (SPEC | {"flows": [7]}, "flows[0]: is not an object with label, flow, link"),
        (SPEC | {"flows": SPEC["flows"] * 2}, "flows: label 'udp' is used twice; labels must be unique"),
        (_with("default_link.ingress", ...), "default_link.ingress: is missing"),
        (_with("default_link.egress.rate", ...), "default_link.egress.rate: is missing"),
        (_with("default_link.egress.rate", -1), "default_link.egress.rate: -1 is not a number of bit/s, 0 or more"),
        (
            _with("default_link.egress.rate", "1mbit"),
            "default_link.egress.rate: '1mbit' is not a number of bit/s, 0 or more",
        ),
        (
            _with("default_link.egress.rate", float("nan")),
            "default_link.egress.rate: nan is not a number of bit/s, 0 or more",
        ),
        (_with("default_link.egress.loss", -0.1), "default_link.egress.loss: -0.1 is not a share from 0 to 1"),
        (_with("default_link.egress.loss", True), "default_link.egress.loss: True is not a share from 0 to 1"),
        (
            _with("default_link.ingress.latency", 1.5),
            "default_link.ingress.latency: 1.5 is not a whole number of ms from 0 to 60000",
        ),
        (
            _with("default_link.ingress.latency", -1),
            "default_link.ingress.latency: -1 is not a whole number of ms from 0 to 60000",
        ),
        (
            _with("default_link.ingress.reorder_packets", 1),
            "default_link.ingress.reorder_packets: 1 is not true or false",
        ),
        (_with("flows.0.label", "default"), f"flows[0].label: 'default' {LABEL}"),
        (_with("flows.0.label", "*:udp"), f"flows[0].label: '*:udp' {LABEL}"),
        (_with("flows.0.label", 7), f"flows[0].label: 7 {LABEL}"),
        (_with("flows.0.flow.protocol", 256), "flows[0].flow.protocol: 256 is not a whole number from 0 to 255"),
        (
            _with("flows.0.flow.ip", "10.0.0.1"),
            "flows[0].flow.ip: '10.0.0.1' is not a whole number from 0 to 4294967295",
        ),
        (_with("flows.0.flow.port_min", 65536), "flows[0].flow.port_min: 65536 is not a whole number from 0 to 65535"),
        (
            _with("flows.0.flow", {"ip": 0, "protocol": 17, "port_min": 9, "port_max": 8}),
            "flows[0].flow.port_max: 8 is not a whole number from 9 to 65535",
        ),
        (
            _with("flows.0.flow", {"ip": 0, "protocol": 1, "port_min": 9, "port_max": 10}),
            "flows[0].flow: protocol 1 has no ports; only 6 (TCP), 17 (UDP) and 132 (SCTP) do",
        ),
        (
            _with("flows.0.link.egress.jitter", None),
            "flows[0].link.egress.jitter: None is not a whole number of ms from 0 to 60000",
        ),
    ],
)
def test_refuses_bad_specs_in_one_line(spec: object, line: str) -> None:
    """The error says where, what is wrong and what is allowed."""
    with pytest.raises(ConditionsError, match=exactly(line)):
        qos.parse(spec)


def test_writes_native_conditions() -> None:
    """L-J to L+J becomes L-J with one-sided jitter 2J; values a flow does not set are the link's."""
    native = {
        "egress": {"latency": "80ms", "jitter": "20ms", "loss": "1%"},
        "flows": {"u": {"match": "*:udp", "egress": {"loss": "5%"}}},
    }
    spec = written(Conditions.from_dict(native))
    link = PERFECT | {"loss": 0.01, "latency": 60, "jitter": 40, "jitter_strength": 1.0}
    assert spec["default_link"] == {"ingress": PERFECT, "egress": link}
    assert spec["flows"][0]["link"] == {"ingress": PERFECT, "egress": link | {"loss": 0.05}}


@given(SPECS)
def test_every_spec_round_trips(spec: dict[str, Any]) -> None:
    """Any posted spec is read back unchanged after conversion to native form."""
    if any(flow["label"] == "default" for flow in spec["flows"]):
        return
    native = qos.parse(spec).to_dict()
    assert written(Conditions.from_dict(native)) == spec


@pytest.mark.issue(10)
def test_a_rate_of_0_drops_everything() -> None:
    """A rate of 0 drops everything, on the link or on a single flow; other traffic passes."""
    nothing = Q | {"rate": 0}
    spec = SPEC | {"default_link": {"ingress": nothing, "egress": Q}}
    conditions = qos.parse(spec)
    assert conditions.ingress.outage
    assert [conditions.egress.outage, conditions.flows[0].ingress.outage] == [None, False]
    assert written(Conditions.from_dict(conditions.to_dict())) == spec
    flow = SPEC["flows"][0] | {"link": {"ingress": Q, "egress": nothing}}
    assert qos.parse(SPEC | {"flows": [flow]}).flows[0].egress.outage is True


@pytest.mark.issue(10)
def test_tolerates_what_existing_scripts_send_beyond_the_format() -> None:
    """Shares above 1 count as 1; unknown keys are ignored at any level."""
    much = Q | {"loss": 5, "jitter_strength": 1.5, "colour": "red"}
    flow = SPEC["flows"][0] | {"note": "mine", "flow": SPEC["flows"][0]["flow"] | {"dscp": 8}}
    conditions = qos.parse({"default_link": {"ingress": much, "egress": Q}, "flows": [flow], "version": 2})
    assert (conditions.ingress.loss, conditions.ingress.jitter_share) == (1, 1)
    assert conditions.flows == qos.parse(SPEC).flows
