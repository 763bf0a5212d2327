"""What conditions and changes of them look like, made from the fields of conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field
from typing import Any

from ..conditions import COUNT, DIRECTIONS, FILE, LOOKUP_ANSWERS, NAT_KINDS, condition_fields
from ..conditions.units import SWITCH
from .shape import Shape, listed, mapped, number, record, text, whole

FLOW = "*:rtp"
MATCH = text(FLOW, description="a flow expression: host[:protocol[:port[-port]]][,pt=N][,ssrc=N]")
SEED = whole(5, minimum=0, maximum=2**63 - 1, description="seed of all random draws")
MUTED = Shape({"const": True, "description": "kept, but not in force"}, True)
MUTED_CHANGE = Shape({"type": ["boolean", "string", "null"], "description": "kept, but not in force"}, True)
_MEAN = text("5s", description="mean time in this state, 100ms to 1h")
_TO = mapped(number(3, description="weight of a state that may follow; without any, all others may"), "good")
STATE_NAME = text("good", description="the state that the walk is in; in a change: that it begins with")
_LOOKUP = {
    "delay": text("3s", description="how much later the answer comes, at most 20s"),
    "answer": text("nxdomain", description=f"the answer in place of the real one: {LOOKUP_ANSWERS}"),
}
_NAME = "turn.example"
_DNS = mapped(record({}, _LOOKUP).with_example({"answer": "nxdomain"}).named("Lookup"), _NAME)
_DNS_CHANGE = mapped(record({}, {key: shape.or_null() for key, shape in _LOOKUP.items()}).or_null(), _NAME)
SHOWN = ("rate", "latency", "loss")
"""The conditions of examples; all together they would contradict each other."""


def _written(item: Field[Any]) -> Shape:
    """A condition as answers have it."""
    meta = item.metadata
    unit, example = meta["unit"], meta["example"]
    about = {"description": f"{meta['help']}; {unit.allowed}", "examples": [example]}
    if unit is SWITCH:
        return Shape({"type": "boolean", "description": meta["help"]}, example == "true")
    if unit.choices:
        return Shape({"enum": list(unit.choices), "description": meta["help"]}, example)
    return text(example, **about, **({"pattern": "^[A-Za-z0-9_]"} if unit.name == FILE else {}))


def _requested(item: Field[Any]) -> Shape:
    """A condition as changes may have it: a switch also as a word, a count also as a number; null clears it."""
    shape, unit = _written(item), item.metadata["unit"]
    if unit is SWITCH:
        shape = Shape({**shape.schema, "type": ["boolean", "string"]}, shape.example)
    if unit.name == COUNT:
        shape = Shape({**shape.schema, "type": ["integer", "string"]}, shape.example)
    return shape.or_null()


def _link(of: Callable[[Field[Any]], Shape]) -> Shape:
    shapes = {item.metadata["name"]: of(item) for item in condition_fields()}
    return record({}, shapes).with_example({name: shapes[name].example for name in SHOWN})


LINK = _link(_written).named("Link")
LINK_CHANGE = _link(_requested).named("LinkChange")

_FLOW = record({}, {"match": MATCH, **dict.fromkeys(DIRECTIONS, LINK), "muted": MUTED}).with_example(
    {"egress": {"loss": "5%"}}
)
_FLOW_CHANGE = record({}, {"match": MATCH, **dict.fromkeys(DIRECTIONS, LINK_CHANGE.or_null()), "muted": MUTED_CHANGE})

_FLOW_OF_STATE = record({}, {"match": MATCH, **dict.fromkeys(DIRECTIONS, LINK_CHANGE)}).named("FlowOfState")
_STATE = record(
    {"mean": _MEAN},
    {"to": _TO, **dict.fromkeys(DIRECTIONS, LINK_CHANGE), "flows": mapped(_FLOW_OF_STATE, FLOW)},
).named("ConditionsState")
_STATES = mapped(_STATE).with_example({"good": {"mean": "20s"}, "bad": {"mean": "5s", "egress": {"loss": "5%"}}})

_NAT_KIND = Shape({"enum": list(NAT_KINDS), "description": "what a router does with addresses and ports"}, "symmetric")
_NAT_SWITCH = Shape({"type": "boolean"}, True)
_NAT_FULL = record(
    {"kind": _NAT_KIND},
    {
        "hairpin": Shape({**_NAT_SWITCH.schema, "description": "neighbours reach each other at external ports"}, True),
        "mapping_timeout": text("30s", description="how long an idle mapping of UDP lasts, 1s to 1h"),
        "port_preserving": Shape({**_NAT_SWITCH.schema, "description": "external ports are the inner ones"}, True),
    },
)
NAT = Shape({"anyOf": [_NAT_KIND.schema, _NAT_FULL.schema]}, "symmetric").named("Nat")

CONDITIONS = (
    record(
        {},
        {
            **dict.fromkeys(DIRECTIONS, LINK),
            "muted": MUTED,
            "flows": mapped(_FLOW.named("Flow"), FLOW),
            "states": _STATES,
            "state": STATE_NAME,
            "dns": _DNS,
            "nat": NAT,
            "seed": SEED,
        },
    )
    .with_example({"egress": LINK.example, "flows": {FLOW: _FLOW.example}, "seed": SEED.example})
    .named("Conditions")
)
CHANGE = (
    record(
        {},
        {
            **dict.fromkeys(DIRECTIONS, LINK_CHANGE.or_null()),
            "muted": MUTED_CHANGE,
            "flows": mapped(_FLOW_CHANGE.named("FlowChange").or_null(), FLOW).or_null(),
            "order": listed(text(FLOW), description="flows that go first"),
            "states": _STATES.or_null(),
            "state": STATE_NAME,
            "dns": _DNS_CHANGE.or_null(),
            "nat": NAT.or_null(),
            "seed": SEED.or_null(),
        },
    )
    .with_example({"egress": {"rate": "1mbit", "loss": None}, "flows": {FLOW: {"egress": {"loss": "5%"}}}})
    .named("Change")
)
