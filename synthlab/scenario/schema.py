"""JSON Schemas (draft 2020-12) of scenario and stack files, for editors; generated from the readers' own tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from syntheticnet.conditions import DIRECTIONS

from ..stack import Ip
from ..stack import clients as stack_clients
from ..stack import services as stack_services
from ..stack import sfu as stack_sfu
from ..stack import turn as stack_turn
from ..stack.apps import CLIENT_APPS, SFU_APPS, TURN_APPS
from ..stack.netem import KEY
from ..stack.netem_keys import SCHEMA
from ..stack.profiles import OWN, profiles
from ..stack.routers import MOST_UPLINKS
from .conditions_schema import (
    DNS_SCHEMA,
    MUTED_SCHEMA,
    NAT_SCHEMA,
    VALUES,
    link_definitions,
    reference,
    states_schema,
)
from .reader import TOP
from .step_kind import Key, StepKind
from .step_reader import COMMON
from .steps import KINDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OWN: dict[str, Any] = {"^x-": {}}

Schema = dict[str, Any]


def scenario_schema() -> Schema:
    """The schema of scenario files."""
    kinds = {f"step-{kind.name}": _step(kind) for kind in KINDS}
    return {
        "$schema": DIALECT,
        "title": "synthlab scenario",
        **_object(TOP),
        "patternProperties": _OWN,
        "$defs": {
            "steps": {"type": "array", "minItems": 1, "items": reference("step")},
            "step": {"type": "object", **_chosen(KINDS)},
            **kinds,
            **link_definitions(),
        },
    }


def stack_schema() -> Schema:
    """The schema of stack files."""
    top = {
        "name": {"type": "string"},
        "ip": {"enum": list(get_args(Ip))},
        "allow": _LIST,
        "self_control": {"type": "boolean"},
        "compose": {"anyOf": [_TEXT, {"type": "array", "minItems": 1, "items": _TEXT}]},
        "sfu": _known(stack_sfu.KEYS, _SFU | {"network": reference("network")}),
        "turn": {**_known(stack_turn.KEYS, _TURN), "required": ["app"]},
        "routers": {"type": "object", "additionalProperties": _ROUTER},
        "clients": {
            "type": "object",
            "additionalProperties": _known(_CLIENT_KEYS, _CLIENT | {"network": reference("network")}),
        },
    }
    return {
        "$schema": DIALECT,
        "title": "synthlab stack",
        "type": "object",
        "properties": top,
        "anyOf": [{"required": ["clients"]}, {"required": ["compose"]}],
        "patternProperties": _OWN,
        "additionalProperties": False,
        "$defs": {"network": _network(), **link_definitions(DIRECTIONS, pairs=False)},
    }


def _step(kind: StepKind) -> Schema:
    """The schema of one kind of step, including the keys common to all steps."""
    described = _object({**COMMON, **kind.keys})
    return {**described, "description": kind.help, "required": [kind.name, *_rest(described, kind.name)]}


def _rest(described: Schema, name: str) -> list[str]:
    return [key for key in described["required"] if key != name]


def _chosen(kinds: tuple[StepKind, ...]) -> Schema:
    """Select the kind by its key; `mark`, the last, if no other key is present."""
    *others, last = kinds
    chosen: Schema = reference(f"step-{last.name}")
    for kind in reversed(others):
        then = reference(f"step-{kind.name}")
        chosen = {"if": {"required": [kind.name]}, "then": then, "else": chosen}
    return chosen


def _object(keys: Mapping[str, Key]) -> Schema:
    return {
        "type": "object",
        "properties": {name: {**key.schema, "description": key.help} for name, key in keys.items()},
        "required": [name for name, key in keys.items() if key.required],
        "additionalProperties": False,
    }


def _known(names: tuple[str, ...], described: Mapping[str, Any]) -> Schema:
    """An object with exactly these keys; those not in `described` accept any value."""
    properties = {name: described.get(name, {}) for name in names}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _network() -> Schema:
    properties: Schema = {
        "profile": {"anyOf": [{"enum": list(profiles())}, {"type": "string", "pattern": f"{OWN}."}]},
        KEY: SCHEMA,
        **dict.fromkeys(DIRECTIONS, reference(VALUES)),
        "muted": MUTED_SCHEMA,
        "flows": reference(f"flows-of-{VALUES}"),
        "states": {"anyOf": [states_schema(DIRECTIONS), {"type": "null"}]},
        "state": _TEXT,
        "dns": DNS_SCHEMA,
        "seed": {"type": ["integer", "null"], "minimum": 0},
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


_CLIENT_KEYS = tuple(dict.fromkeys((*stack_clients.KEYS, *stack_services.KEYS)))
_TEXT = {"type": "string"}
_LIST = {"type": "array", "items": _TEXT}
_COMMAND = {"anyOf": [_TEXT, _LIST]}
_PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
_ENV = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}

_PACE: Schema = {"from": _TEXT, "interval": _TEXT, "timeout": _TEXT}
_MEASURED: Schema = {
    "metrics": _TEXT,
    "http": {
        "type": "object",
        "properties": {"url": _TEXT, **_PACE},
        "required": ["url", "from"],
        "additionalProperties": False,
    },
    "tcp": {
        "type": "object",
        "properties": {"port": _PORT, "host": _TEXT, **_PACE},
        "required": ["port", "from"],
        "additionalProperties": False,
    },
}
_CLIENT: Schema = {
    "app": {"enum": list(CLIENT_APPS)},
    "image": _TEXT,
    "build": _TEXT,
    "service": _TEXT,
    "count": {"type": "integer", "minimum": 1, "maximum": stack_clients.MAX_COUNT},
    "url": _TEXT,
    "headless": {"type": "boolean"},
    "ports": {"type": "object", "properties": dict.fromkeys(stack_clients.PORTS, _PORT), "additionalProperties": False},
    "media": {"type": "object", "properties": {"video": _TEXT, "audio": _TEXT}, "additionalProperties": False},
    "uplink": _TEXT,
    "uplinks": {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": MOST_UPLINKS, "uniqueItems": True},
    "allow": _LIST,
    "self_control": {"type": "boolean"},
    "flags": _LIST,
    "video": {"type": "string", "pattern": r"^[1-9][0-9]{1,3}x[1-9][0-9]{1,3}@[1-9][0-9]?$"},
    "command": _COMMAND,
    "env": _ENV,
    "impair": {"type": "boolean"},
    "networks": {"type": "object", "additionalProperties": reference("network")},
    **_MEASURED,
}
_ROUTER: Schema = {
    "type": "object",
    "properties": {"uplink": _TEXT, "nat": NAT_SCHEMA, "network": reference("network")},
    "additionalProperties": False,
}
_TURN: Schema = {"app": {"enum": list(TURN_APPS)}, "version": {"type": ["string", "number"]}}
_SFU: Schema = {
    "app": {"enum": list(SFU_APPS)},
    "image": _TEXT,
    "external": _TEXT,
    "service": _TEXT,
    "compose": _TEXT,
    "version": {"type": ["string", "number"]},
    "url": _TEXT,
    "env": _ENV,
    "command": _COMMAND,
    "join": _TEXT,
    **_MEASURED,
}
