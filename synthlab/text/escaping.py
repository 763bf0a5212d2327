"""How a text that others have written is shown: no character of it acts on a terminal, and it does not go on for ever.

Names, labels, numbers, logs and messages of applications and servers, and names of files, are of strangers' making.
Everything that prints or writes a report passes them through here.
"""

from __future__ import annotations

import json
import re
from typing import Any

MOST_LINE = 2000
MOST_CELL = 1000
MOST_LOG = 16_384

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")


def shown(text: str, most: int = MOST_LINE) -> str:
    """`text` on one line of at most `most` characters; what is not printable is written as an escape, `\\x1b`.

    These are line breaks, control characters (C0, C1, DEL), marks of direction (bidi), characters of no width, and
    lone surrogates.
    """
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return cut if cut.isprintable() else "".join(map(_escaped, cut))


def shown_log(text: str) -> str:
    """A line of a log for a terminal: without its colours, with its tabs."""
    plain = _COLOUR.sub("", text.rstrip("\r"))
    return "\t".join(shown(part, MOST_LOG) for part in plain[:MOST_LOG].split("\t"))


def shown_lines(text: str) -> str:
    """Several lines: their breaks stay, and each of them is shown."""
    return "\n".join(shown(line) for line in text.split("\n"))


def json_text(value: Any, **options: Any) -> str:
    """JSON, in which all that is not printable ASCII is escaped; `options` are those of `json.dumps`."""
    return json.dumps(value, **options).replace("\x7f", "\\u007f")


def _escaped(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
