"""JSON Schemas of conditions, generated from the fields of `syntheticnet.conditions` and their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field
from functools import cache
from typing import Any

from syntheticnet.conditions import (
    COUNT,
    DIRECTIONS,
    LOOKUP_ANSWERS,
    LOOKUP_WORDS,
    MOST_STATES,
    NAT_KINDS,
    condition_fields,
)

from ..stack.netem import KEY
from ..stack.netem_keys import HELP, SCHEMA
from .keys import TEXT_SCHEMA, TIME_SCHEMA

BOTH = "both"
CLEAR = "none"
SIDES = (*DIRECTIONS, BOTH)
DIRECTIONS_OF = {BOTH: DIRECTIONS} | {direction: (direction,) for direction in DIRECTIONS}
"""The directions of each side, in the order in which they apply: next to `both`, a direction's own value wins."""
VALUES, PAIRS = "values", "pairs"
MUTED_SCHEMA = {"type": ["boolean", "string", "null"]}
ORDER_SCHEMA = {"type": "array", "items": TEXT_SCHEMA, "uniqueItems": True}
DNS_SCHEMA: dict[str, Any] = {
    "type": ["object", "string", "null"],
    "additionalProperties": {
        "type": ["object", "string", "null"],
        "properties": {
            "delay": {"type": ["string", "null"], "description": "how much later the answer comes", "examples": ["3s"]},
            "answer": {"type": ["string", "null"], "description": LOOKUP_ANSWERS, "examples": list(LOOKUP_WORDS)},
        },
        "additionalProperties": False,
    },
}
"""A text is `none`, which removes one name or all."""
NAT_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": list(NAT_KINDS)},
        {
            "type": "object",
            "properties": {
                "kind": {"enum": list(NAT_KINDS)},
                "hairpin": {"type": ["boolean", "string"]},
                "mapping_timeout": TIME_SCHEMA,
                "port_preserving": {"type": ["boolean", "string"]},
            },
            "required": ["kind"],
            "additionalProperties": False,
        },
    ]
}
PAIR_SCHEMA = {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "string"}}


@cache
def fields_by_name() -> Mapping[str, Field[Any]]:
    """The conditions by their names in files."""
    return {item.metadata["name"]: item for item in condition_fields()}


def reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def link_definitions(sides: tuple[str, ...] = SIDES, pairs: bool = True) -> dict[str, Any]:
    """The definitions `values` and `flows-of-values` and, with `pairs`, also `pairs` and `flows-of-pairs`."""
    forms = {VALUES: {}, PAIRS: PAIR_SCHEMA} if pairs else {VALUES: {}}
    links = {name: _link_schema(form) for name, form in forms.items()}
    flows = {f"flows-of-{name}": _flows_schema(name, sides) for name in forms}
    return links | flows


def _link_schema(form: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        name: {
            "description": item.metadata["help"],
            **(form or {"examples": [item.metadata["example"]], **unit_schema(item)}),
        }
        for name, item in fields_by_name().items()
    }
    netem = {} if form else {KEY: {"description": HELP, **SCHEMA}}
    return {"type": "object", "properties": netem | properties, "additionalProperties": False}


def keys_of_flow(values: str, sides: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of a flow whose links have these values; one that varies over time has no `muted` or `netem`."""
    return ("match", *sides, *(["muted", KEY] if values == VALUES else []))


def _flows_schema(values: str, sides: tuple[str, ...]) -> dict[str, Any]:
    schemas = {"match": TEXT_SCHEMA, "muted": MUTED_SCHEMA, KEY: SCHEMA}
    properties = {key: schemas.get(key, reference(values)) for key in keys_of_flow(values, sides)}
    flow = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"type": "object", "additionalProperties": {"anyOf": [flow, {"enum": [None, CLEAR]}]}}


def states_schema(sides: tuple[str, ...]) -> dict[str, Any]:
    """The schema of states by name, each with values of these sides."""
    weights = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "number", "exclusiveMinimum": 0}}
    state = {
        "type": "object",
        "properties": {
            "mean": TIME_SCHEMA | {"description": "mean time in this state", "examples": ["5s"]},
            "to": weights | {"description": "weights of the states that may follow (default: all others alike)"},
            **dict.fromkeys(sides, reference(VALUES)),
            "flows": reference(f"flows-of-{VALUES}"),
        },
        "required": ["mean"],
        "additionalProperties": False,
    }
    return {"type": "object", "minProperties": 2, "maxProperties": MOST_STATES, "additionalProperties": state}


_PATTERNS = {
    "rate": r"^\s*([0-9]+(\.[0-9]+)?\s*[kmgKMG]?[bB][iI][tT](/s)?|unlimited|none)\s*$",
    "time": r"^\s*([0-9]+(\.[0-9]+)?\s*([num]?s)|none)\s*$",
    "share": r"^\s*([0-9]+(\.[0-9]+)?\s*%|none)\s*$",
    "bytes": r"^\s*([0-9]+(\.[0-9]+)?\s*[kmKM]?[bB]|none)\s*$",
    "packets": r"^\s*([0-9]+(\.[0-9]+)?\s*[pP]|none)\s*$",
}


def unit_schema(item: Field[Any]) -> dict[str, Any]:
    """The JSON Schema of one condition's value; null or `none` clears it."""
    unit = item.metadata["unit"]
    if unit.name == "switch":
        return {"type": ["boolean", "string", "null"]}
    if unit.choices:
        return {"enum": [*unit.choices, CLEAR, None], "type": ["string", "null"]}
    if unit.name == COUNT:
        return {"type": ["integer", "string", "null"], "pattern": r"^([0-9]+|none)$"}
    pattern = {"pattern": _PATTERNS[unit.name]} if unit.name in _PATTERNS else {}
    return {"type": ["string", "null"], **pattern}
