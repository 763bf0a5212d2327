"""JSON written and read in small pieces, so that another thread need not wait for all of a long document.

The fast coders of the standard library do a whole document in one go, and let no other thread run meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from json import scanner
from typing import Any

LONG = 1 << 15
"""Shorter documents are read in one go, which takes less than a ms."""
DEEP = 6
CHUNK = 1 << 14

_decoder = json.JSONDecoder()
_decoder.scan_once = scanner.py_make_scanner(_decoder)  # type: ignore[attr-defined]


def dumps(value: Any, deep: int = DEEP) -> str:
    """As json.dumps, one piece for each item down to so many levels."""
    if deep and isinstance(value, dict):
        return "{" + ", ".join([f"{json.dumps(key)}: {dumps(item, deep - 1)}" for key, item in value.items()]) + "}"
    if deep and isinstance(value, list | tuple):
        return "[" + ", ".join([dumps(item, deep - 1) for item in value]) + "]"
    return json.dumps(value)


def loads(text: bytes) -> Any:
    """As json.loads."""
    return json.loads(text) if len(text) < LONG else _decoder.decode(text.decode())


def chunks(text: str) -> list[str]:
    """A long text in pieces that each take hardly any time."""
    return [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]


def whole(pieces: Sequence[str]) -> str:
    return "".join(pieces)
