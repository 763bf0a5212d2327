"""The subset of JSON Schema 2020-12 that our schemas use, to test them without another library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "examples", "type", "enum", "pattern", "minLength", "minimum",
    "maximum", "properties", "required", "additionalProperties", "patternProperties", "minProperties", "items",
    "minItems", "maxItems", "uniqueItems", "anyOf", "if", "then", "else",
}  # fmt: skip


def mistakes(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The paths of all mismatches."""
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "$ref" in schema:
        yield from mistakes(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, path)
    if "if" in schema:
        branch = "then" if _fits(value, schema["if"], root) else "else"
        yield from mistakes(value, schema[branch], root, path)
    if "anyOf" in schema and not any(_fits(value, one, root) for one in schema["anyOf"]):
        yield path
    if not _is_plain(value, schema):
        yield path
    elif isinstance(value, dict):
        yield from _of_object(value, schema, root, path)
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield path
        if schema.get("uniqueItems") and len(set(map(repr, value))) < len(value):
            yield path
        for index, entry in enumerate(value):
            yield from mistakes(entry, schema.get("items", {}), root, f"{path}[{index}]")


def _fits(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    return next(mistakes(value, schema, root), None) is None


def _is_plain(value: Any, schema: Mapping[str, Any]) -> bool:
    types = schema.get("type", list(_TYPES))
    fits = any(_is(value, name) for name in ([types] if isinstance(types, str) else types))
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str):
        fits &= bool(re.search(schema.get("pattern", ""), value)) and len(value) >= schema.get("minLength", 0)
    if isinstance(value, int | float) and not isinstance(value, bool):
        fits &= schema.get("minimum", value) <= value <= schema.get("maximum", value)
    return fits


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and not (isinstance(value, bool) and name in ("integer", "number"))


def _of_object(value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[str]:
    if len(value) < schema.get("minProperties", 0):
        yield path
    yield from (f"{path}.{name}" for name in schema.get("required", ()) if name not in value)
    for key, entry in value.items():
        below = schema.get("properties", {}).get(key)
        if below is None:
            patterns = schema.get("patternProperties", {})
            matching = (inner for pattern, inner in patterns.items() if re.search(pattern, key))
            below = next(matching, schema.get("additionalProperties", {}))
        if below is False:
            yield f"{path}.{key}"
        else:
            yield from mistakes(entry, below, root, f"{path}.{key}")
