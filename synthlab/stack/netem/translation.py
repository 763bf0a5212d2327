"""Translates a text in tc's language, `delay 100ms 20ms loss 1% 25%`, into conditions, and says what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ...errors import WrongUse

MOST_CHARACTERS = 1000
KEY = "netem"
EXAMPLE = "delay 100ms 20ms distribution normal loss 1% 25%"


@dataclass(frozen=True, slots=True)
class Translation:
    """A text in tc's words, and the values of a direction that it means, as written in files.

    None in `values` clears a value that an option of the text replaces. `notes`: what differs from the kernel, each on
    a line.
    """

    text: str
    values: Mapping[str, Any]
    notes: tuple[str, ...]

    @property
    def set(self) -> dict[str, Any]:
        """The values without those that are cleared."""
        return {name: value for name, value in self.values.items() if value is not None}

    def __str__(self) -> str:
        return ", ".join(f"{name} {str(value).lower() if value is True else value}" for name, value in self.set.items())

    def lines(self, place: str = KEY) -> list[str]:
        """For a terminal: the values, and below them the notes."""
        return [f"{place}: {self}", *(f"  {note}" for note in self.notes)]

    def to_dict(self) -> dict[str, Any]:
        cleared = [name for name, value in self.values.items() if value is None]
        return {"text": self.text, "values": self.set, "cleared": cleared, "notes": list(self.notes)}


@lru_cache(maxsize=256)
def translate(text: str) -> Translation:
    """The values for `netem` options, and for those of `tbf` behind a semicolon: `loss 1%; tbf rate 1mbit burst 5kb`.

    A part may be a whole command: `tc qdisc add dev eth0 root netem loss 1%`. Raises WrongUse with the option, what is
    allowed, and the nearest value here of an option that there is not.
    """
    if len(text) > MOST_CHARACTERS:
        raise WrongUse(f"is longer than {MOST_CHARACTERS} characters")
    from .reading import read_text  # help of the command line imports this module, and is fast

    draft = read_text(text)
    if not draft.values:
        raise WrongUse(f"says nothing; expected options of tc-netem(8) such as {EXAMPLE}")
    return Translation(text, draft.ordered(), tuple(draft.notes))
