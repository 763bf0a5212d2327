"""What a JSON value looks like: its JSON Schema, together with an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

JsonSchema = Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """`parts` are the schemas that this one refers to, by name."""

    schema: JsonSchema
    example: Any
    parts: Mapping[str, JsonSchema] = field(default_factory=dict)

    def named(self, name: str) -> Shape:
        """The same as a part of its own, which others refer to."""
        return Shape({"$ref": f"#/components/schemas/{name}"}, self.example, {**self.parts, name: self.schema})

    def with_example(self, example: Any) -> Shape:
        return replace(self, example=example)

    def or_null(self) -> Shape:
        return replace(self, schema={"anyOf": [self.schema, {"type": "null"}]})


def text(example: str, **more: Any) -> Shape:
    return Shape({"type": "string", **more}, example)


def whole(example: int = 0, **more: Any) -> Shape:
    return Shape({"type": "integer", **more}, example)


def number(example: float = 0.0, **more: Any) -> Shape:
    return Shape({"type": "number", **more}, example)


def flag(example: bool = True) -> Shape:
    return Shape({"type": "boolean"}, example)


def one_of(*words: str) -> Shape:
    return Shape({"enum": list(words)}, words[0])


def listed(item: Shape, **more: Any) -> Shape:
    return Shape({"type": "array", "items": item.schema, **more}, [item.example], item.parts)


def mapped(value: Shape, *keys: str) -> Shape:
    """An object with any keys; those given are the example's."""
    example = dict.fromkeys(keys, value.example)
    return Shape({"type": "object", "additionalProperties": value.schema}, example, value.parts)


def record(needed: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """An object with these keys and no others; the example has all of them."""
    shapes = {**needed, **(optional or {})}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: shape.schema for name, shape in shapes.items()},
        "additionalProperties": False,
    }
    if needed:
        schema["required"] = list(needed)
    example = {name: shape.example for name, shape in shapes.items()}
    return Shape(schema, example, _parts(*shapes.values()))


def any_of(*shapes: Shape) -> Shape:
    """One of these; the example is that of the first."""
    return Shape({"anyOf": [shape.schema for shape in shapes]}, shapes[0].example, _parts(*shapes))


def _parts(*shapes: Shape) -> dict[str, JsonSchema]:
    return {name: schema for shape in shapes for name, schema in shape.parts.items()}
