"""Which direction of a number is worse, judged by the expectation that it belongs to."""

from __future__ import annotations

import re
from typing import Literal

from ..scenario.record import Judged
from .run_numbers import TOOK

Worse = Literal["lower", "higher", "either"]

_TURNED = {"<": ">", ">": "<"}


def worse_direction(judged: Judged, name: str) -> Worse:
    """`lower` for the `fps` of `expect fps >= 10`; `either` where the text does not show, such as `==` or `not`."""
    if name == TOOK:
        return "higher"
    signs = set(_signs(judged.text, name))
    if len(signs) != 1 or re.search(r"\bnot\b|==|!=|\babs\(", judged.text):
        return "either"
    wants_more = signs == {">"}
    return "lower" if wants_more != (judged.kind == "never") else "higher"


def _signs(text: str, name: str) -> list[str]:
    """`>` for each comparison that wants the number above something, `<` for each that wants it below."""
    place = re.escape(name)
    behind = re.findall(rf"(?<![\w.]){place}(?:, [\w.]+)?\)*\s*([<>])=?", text)
    before = re.findall(rf"([<>])=?\s*(?:\w+\()*{place}(?![\w.])", text)
    return [*behind, *(_TURNED[sign] for sign in before)]
