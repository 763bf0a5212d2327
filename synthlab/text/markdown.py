"""Writes untrusted text as Markdown (GitHub Flavored Markdown) that shows exactly its characters."""

from __future__ import annotations

import re

from .escaping import MOST_CELL, shown

_MARKUP = re.compile(r"([\\`*_\[\]<>|~&@]|#(?=\w)|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""Also what GitHub makes a link: `#1`, `http://...`, `www. ...`."""


def markdown_escaped(text: str) -> str:
    """`text` on one line without meaning in Markdown and HTML, also in a table's cell."""
    return _MARKUP.sub(r"\\\1", shown(text, MOST_CELL))


def markdown_row(*cells: str) -> str:
    """A row of a table; the cells are Markdown."""
    return f"| {' | '.join(cells)} |"
