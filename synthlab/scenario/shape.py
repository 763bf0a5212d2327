"""Type check of data read from a file against the annotations of a dataclass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


def fits(value: Any, hint: Any) -> bool:
    """Whether `value` and everything nested in it match the type `hint`. An int passes as a float; a bool does not."""
    if hint is Any:
        return True
    if isinstance(hint, type) and is_dataclass(hint):
        return isinstance(value, hint) and all(fits(getattr(value, name), kind) for name, kind in _hints(hint).items())
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(fits(value, one) for one in inner)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin is not None:
        return _holds(value, origin, inner)
    if hint is bool:
        return isinstance(value, bool)
    kinds = (int, float) if hint is float else hint
    return isinstance(value, kinds) and not isinstance(value, bool)


def _holds(value: Any, origin: Any, inner: tuple[Any, ...]) -> bool:
    if origin is Mapping:
        return isinstance(value, dict) and all(
            fits(key, inner[0]) and fits(one, inner[1]) for key, one in value.items()
        )
    if origin is tuple and Ellipsis not in inner:
        return isinstance(value, tuple) and len(value) == len(inner) and all(map(fits, value, inner))
    if origin is Sequence:  # sample series are long lists of scalars: check one value of each type
        return isinstance(value, list | tuple) and all(
            fits(one, inner[0]) for one in {type(one): one for one in value}.values()
        )
    return isinstance(value, origin) and all(fits(one, inner[0]) for one in value)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields(kind)}
