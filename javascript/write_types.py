"""Writes the types of conditions and of a client's answers for TypeScript: run it after either has changed.

Those of conditions come from their schema, those of answers from the API's own description.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any

from syntheticnet.api.control_client import ControlClient
from syntheticnet.api.openapi import document
from syntheticnet.api.routes import endpoints
from syntheticnet.api.state_answer import Identity
from syntheticnet.conditions import Conditions, condition_fields

HERE = Path(__file__).parent
CONDITIONS, ANSWERS = (HERE / "synthlab" / f"{name}.d.ts" for name in ("conditions", "answers"))
TYPED = {"Link": "LinkValues", "LinkChange": "LinkValues"}
"""Schemas of conditions, with their types in conditions.d.ts, which also knows units."""

KINDS = {
    "rate": 'Rate | "unlimited"',
    "time": "Time",
    "share": "Share",
    "shares": "Share | `${Share} ${string}`",
    "bytes": "Bytes",
    "packets": "Packets",
    "count": "number | `${number}`",
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


def conditions() -> str:
    """The text of conditions.d.ts."""
    return HEAD + "".join(map(_member, condition_fields())) + "}\n"


def _member(item: Field[Any]) -> str:
    meta = item.metadata
    unit = meta["unit"]
    words = " | ".join([f'"{word}"' for word in unit.choices])
    help, kind = meta["help"], KINDS.get(unit.name, words)
    return f"  /** {help[0].upper()}{help[1:]}. */\n  {meta['name']}?: {kind} | null;\n"


def answers() -> str:
    """The text of answers.d.ts. Needs the npm packages that `.ci/node-modules` installs."""
    with socket.socket() as end:
        described = document(endpoints(ControlClient(end), Identity("client1", "call", Conditions())))
    schemas = {**described["components"]["schemas"], **{name: {"x-type": kind} for name, kind in TYPED.items()}}
    schemas["Traffic"] = _answer(described, "/v1/traffic")
    kept = {name: schemas[name] for name in sorted(_needed(["State", "Traffic"], schemas))}
    source = json.dumps({"openapi": "3.1.0", "info": described["info"], "components": {"schemas": kept}})
    command = ["node", str(HERE / "write_answers.mjs")]
    return str(subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout)


def _answer(described: dict[str, Any], path: str) -> Any:
    return described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]


def _needed(names: Iterable[str], schemas: Mapping[str, Any]) -> set[str]:
    """These schemas, and all that they refer to."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schemas[name]))
    return found


if __name__ == "__main__":
    CONDITIONS.write_text(conditions())
    ANSWERS.write_text(answers())
