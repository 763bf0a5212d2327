"""Makes untrusted text safe to show: no terminal control characters, limited length.

Names, labels, stats, logs and messages of applications and servers, and file names, are untrusted. Everything that
prints or writes a report must pass them through here.
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
    """`text` on one line of at most `most` characters, unprintable ones escaped as `\\x1b`.

    Unprintable are line breaks, control characters (C0, C1, DEL), bidi marks, zero-width characters and lone
    surrogates.
    """
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return cut if cut.isprintable() else "".join(map(_escaped, cut))


def shown_log(text: str) -> str:
    """A log line for a terminal: colours removed, tabs kept."""
    plain = _COLOUR.sub("", text.rstrip("\r"))
    return "\t".join(shown(part, MOST_LOG) for part in plain[:MOST_LOG].split("\t"))


def shown_lines(text: str) -> str:
    """Several lines, each escaped; line breaks kept."""
    return "\n".join(shown(line) for line in text.split("\n"))


def json_text(value: Any, **options: Any) -> str:
    """JSON with everything but printable ASCII escaped; `options` as for `json.dumps`."""
    return json.dumps(value, **options).replace("\x7f", "\\u007f")


def _escaped(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
