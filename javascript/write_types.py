"""Writes the types of conditions for TypeScript, from the schema of conditions: run it after a condition changes."""

from __future__ import annotations

from dataclasses import Field
from pathlib import Path
from typing import Any

from syntheticnet.conditions import condition_fields

FILE = Path(__file__).parent / "synthlab" / "conditions.d.ts"

KINDS = {
    "rate": 'Rate | "unlimited"',
    "time": "Time",
    "share": "Share",
    "shares": "Share | `${Share} ${string}`",
    "bytes": "Bytes",
    "packets": "Packets",
    "queue": "Time | Bytes | Packets",
    "span": "Time | `${Time}-${Time}`",
    "switch": "boolean",
    "numbers": "string",
    "file": "string",
}

HEAD = """\
// The conditions of one direction. Written by write_types.py from the schema of conditions; do not edit.

/** Bits per second: `500kbit`, `1.5mbit`. */
export type Rate = `${number}${"bit" | "kbit" | "mbit" | "gbit"}`;
/** `80ms`, `1.5s`, `250us`. */
export type Time = `${number}${"ns" | "us" | "ms" | "s"}`;
/** `5%`, `0.5%`. */
export type Share = `${number}%`;
/** `64kb`, `1400b`. */
export type Bytes = `${number}${"b" | "kb" | "mb"}`;
/** A number of packets: `100p`. */
export type Packets = `${number}p`;
/** How long: `500ms`, `10s`, `1.5min`. */
export type Duration = `${number}${"ns" | "us" | "ms" | "s" | "min" | "h"}`;

/** Values of one direction; `null` clears one. */
export interface LinkValues {
"""


def types() -> str:
    """The text of conditions.d.ts."""
    return HEAD + "".join(map(_member, condition_fields())) + "}\n"


def _member(item: Field[Any]) -> str:
    meta = item.metadata
    unit = meta["unit"]
    words = [f'"{word}"' for word in unit.allowed.removeprefix("one of ").split(", ")] if unit.name == "word" else []
    help, kind = meta["help"], KINDS.get(unit.name, " | ".join(words))
    return f"  /** {help[0].upper()}{help[1:]}. */\n  {meta['name']}?: {kind} | null;\n"


if __name__ == "__main__":
    FILE.write_text(types())
