"""Reads a text in tc's words into values and notes."""

from __future__ import annotations

from syntheticnet.conditions import ConditionsError, LinkConditions

from ...errors import WrongUse
from .draft import Draft
from .netem_values import put_netem
from .options import is_empty, read_netem, read_tbf
from .rate_values import put_tbf
from .words import Words

QDISCS = ("netem", "tbf")


def read_text(text: str) -> Draft:
    """The values and notes of all parts of a text; raises WrongUse."""
    draft = Draft()
    kinds = []
    for part in text.split(";"):
        kind, words = _part(part.split())
        if kind in kinds:
            raise WrongUse(f"{kind} is given twice; a direction has one")
        kinds.append(kind)
        if kind == "tbf":
            put_tbf(read_tbf(words), draft)
        elif not is_empty(options := read_netem(words)):
            put_netem(options, draft)
    draft.note_order(kinds)
    _refuse_impossible(draft)
    return draft


def _part(words: list[str]) -> tuple[str, Words]:
    """The kind of a part, netem by default, and its options; what leads to them in a command of tc is left out."""
    if words[:1] == ["tc"]:
        start = next((place for place, word in enumerate(words) if word in QDISCS), None)
        if start is None:
            raise WrongUse(f"this command of tc has neither {' nor '.join(QDISCS)}")
        words = words[start:]
    return (words[0], Words(words[1:])) if words[:1] and words[0] in QDISCS else ("netem", Words(words))


def _refuse_impossible(draft: Draft) -> None:
    try:
        LinkConditions.from_dict(draft.values)
    except ConditionsError as error:
        raise WrongUse(str(error)) from None
