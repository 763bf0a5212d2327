"""The error for invalid conditions: where it is, what is wrong, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable

from .nearest import nearest, nearest_condition

TRANSLATED = "netem"
"""What the command line, Python, files and the lab API translate into conditions."""


class ConditionsError(ValueError):
    """An invalid value, key or flow expression; the message is one line, `where: what`."""

    def __init__(self, what: str, where: str = "") -> None:
        where = printable(where)
        super().__init__(f"{where}: {what}" if where else what)
        self.what = what
        self.where = where

    def under(self, prefix: str) -> ConditionsError:
        """The same error one level further out: `loss` under `egress` becomes `egress.loss`."""
        return ConditionsError(self.what, f"{prefix}.{self.where}" if self.where else prefix)


def printable(text: str) -> str:
    """`text` on one line, with line breaks, lone surrogates and the like escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shortened(text: str, most: int = 40) -> str:
    """`text` on one line of at most `most` characters."""
    line = printable(text)
    return line if len(line) <= most else f"{line[: most - 3]}..."


def refuse_unknown(keys: Iterable[object], allowed: Iterable[str], what: str = "key") -> None:
    """Raise for the first of `keys` that is not in `allowed`, suggesting the nearest one."""
    names = list(allowed)
    for key in keys:
        if what == "condition" and key == TRANSLATED:
            raise ConditionsError("is not translated here; give the values that it means, such as loss: 1%", TRANSLATED)
        if key not in names:
            near = (nearest_condition if what == "condition" else nearest)(str(key), names)
            hint = f"; did you mean {near}?" if near else ""
            raise ConditionsError(f"no such {what}{hint}; allowed: {', '.join(names)}", str(key))
