"""The JSON Schemas of what is sent and returned. Requests are checked by the very schemas that OpenAPI shows.

Only the keywords that occur here are checked: type, properties, required, additionalProperties, minProperties, items,
minItems, enum, minimum, maximum, maxLength and anyOf (https://json-schema.org/draft/2020-12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import WrongUse, did_you_mean

Schema = Mapping[str, Any]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
MOST_TEXT = 10_000


def text(help: str, *examples: str, most: int = MOST_TEXT) -> Schema:
    shown = {"examples": list(examples)} if examples else {}
    return {"type": "string", "maxLength": most, "description": help, **shown}


def word(help: str, *allowed: str) -> Schema:
    return {"type": "string", "enum": list(allowed), "description": help}


def flag(help: str) -> Schema:
    return {"type": "boolean", "description": help}


def whole(help: str, least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "description": help}


def number(help: str) -> Schema:
    return {"type": "number", "description": help}


def optional(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [{key: value for key, value in schema.items() if key != "description"}, {"type": "null"}]} | {
        "description": schema.get("description", "")
    }


def array(items: Schema, help: str, least: int = 0) -> Schema:
    return {"type": "array", "items": items, "description": help, **({"minItems": least} if least else {})}


def by_name(values: Schema, help: str, least: int = 0) -> Schema:
    """A mapping from names to values."""
    bound = {"minProperties": least} if least else {}
    return {"type": "object", "additionalProperties": values, "description": help, **bound}


def free(help: str) -> Schema:
    """An object whose keys are described elsewhere."""
    return {"type": "object", "description": help}


def fields(required: Sequence[str] = (), /, **properties: Schema) -> Schema:
    """An object with these keys and no others; `for_` and `in_` are `for` and `in`."""
    named = {name.rstrip("_"): schema for name, schema in properties.items()}
    return {"type": "object", "properties": named, "required": list(required), "additionalProperties": False}


def check(value: Any, schema: Schema, where: str = "the body") -> None:
    """Raise WrongUse with the place of the first value that does not fit."""
    if "anyOf" in schema:
        _check_any(value, schema["anyOf"], where)
    elif "enum" in schema:
        if not isinstance(value, str) or value not in schema["enum"]:
            known = [str(one) for one in schema["enum"]]
            raise WrongUse(f"{where}: {_short(value)} is not one of {', '.join(known)}{_meant(value, known)}")
    elif "type" in schema:
        _check_type(value, schema, where)


def _check_any(value: Any, choices: Sequence[Schema], where: str) -> None:
    for choice in choices:
        try:
            return check(value, choice, where)
        except WrongUse:
            continue
    raise WrongUse(f"{where}: {_short(value)} is not {' or '.join(_kind(choice) for choice in choices)}")


def _check_type(value: Any, schema: Schema, where: str) -> None:
    kind: str = schema["type"]
    if not _is_a(value, kind):
        raise WrongUse(f"{where}: {_short(value)} is not {_kind(schema)}")
    if kind == "object":
        _check_object(value, schema, where)
    elif kind == "array":
        _check_least(len(value), schema.get("minItems", 0), where)
        for index, item in enumerate(value):
            check(item, schema["items"], f"{where}[{index}]")
    elif kind == "string" and len(value) > schema.get("maxLength", len(value)):
        raise WrongUse(f"{where}: is longer than {schema['maxLength']} characters")
    elif kind in ("integer", "number"):
        least, most = schema.get("minimum", value), schema.get("maximum", value)
        if not least <= value <= most:
            raise WrongUse(f"{where}: {_short(value)} is not between {least} and {most}")


def _is_a(value: Any, kind: str) -> bool:
    """In Python True is an int, in JSON it is no number."""
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _check_object(value: Mapping[str, Any], schema: Schema, where: str) -> None:
    known = schema.get("properties", {})
    _check_least(len(value), schema.get("minProperties", 0), where)
    for name in schema.get("required", ()):
        if name not in value:
            raise WrongUse(f"{where}: has no {name}: {known[name].get('description', 'it is required')}")
    others = schema.get("additionalProperties", {})
    for name, item in value.items():
        if name in known:
            check(item, known[name], _below(where, name))
        elif others is False:
            listed = ", ".join(known) or "none"
            raise WrongUse(f"{_below(where, name)}: no such key{_meant(name, known)}; allowed: {listed}")
        else:
            check(item, others, _below(where, name))


def _check_least(count: int, least: int, where: str) -> None:
    if count < least:
        raise WrongUse(f"{where}: is empty: give at least {least}")


def _below(where: str, name: str) -> str:
    written = _short(name)[1:-1]
    return written if where in ("the body", "the query") else f"{where}.{written}"


def _kind(schema: Schema) -> str:
    """What a value should be, in words."""
    names = {"object": "an object", "array": "a list", "integer": "a whole number", "boolean": "true or false"}
    kind = names.get(schema.get("type", ""), f"a {schema.get('type', 'value')}")
    examples = schema.get("examples")
    return f"{kind} such as {examples[0]!r}" if examples else "null" if schema.get("type") == "null" else kind


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"


def _meant(value: Any, known: Sequence[str] | Mapping[str, Any]) -> str:
    return did_you_mean(value, known) if isinstance(value, str) else ""
