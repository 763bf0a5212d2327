"""Reads and writes JSON in small pieces, so that a long document does not block other threads.

The standard library's C coders process a whole document in one call and hold the GIL throughout.
"""

from __future__ import annotations

import json
from json import scanner
from typing import Any

LONG = 1 << 15
"""Shorter documents are parsed in one call, which takes less than 1 ms."""
DEEP = 6

_decoder = json.JSONDecoder()
_decoder.scan_once = scanner.py_make_scanner(_decoder)  # type: ignore[attr-defined]


def dumps(value: Any, deep: int = DEEP) -> str:
    """As json.dumps, with one call per item down to `deep` levels."""
    if deep and isinstance(value, dict):
        return "{" + ", ".join([f"{json.dumps(key)}: {dumps(item, deep - 1)}" for key, item in value.items()]) + "}"
    if deep and isinstance(value, list | tuple):
        return "[" + ", ".join([dumps(item, deep - 1) for item in value]) + "]"
    return json.dumps(value)


def loads(text: bytes) -> Any:
    """As json.loads."""
    return json.loads(text) if len(text) < LONG else _decoder.decode(text.decode())
