"""Substitutes `${VARIABLE}` and `${VARIABLE:-default}` from the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_PLACE = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_FORM = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


@dataclass
class Variables(Mapping[str, str]):
    """Variables that record which were used in `asked`; if `lenient`, a missing one is empty instead of an error."""

    given: Mapping[str, str]
    lenient: bool = False
    asked: set[str] = field(default_factory=set)

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.given.get(name, "") if self.lenient else self.given[name]

    def __contains__(self, name: object) -> bool:
        return self.lenient or name in self.given

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def interpolate(text: str, environment: Mapping[str, str]) -> str:
    """`text` with variables substituted; `$${` gives a literal `${`. Raises ValueError.

    As in a shell, the default replaces a variable that is unset or empty.
    """

    def value(place: re.Match[str]) -> str:
        if place[0] == "$${":
            return "${"
        form = _FORM.fullmatch(place[1])
        if form is None or not place[0].endswith("}"):
            raise ValueError(f"{place[0]!r} is not of the form ${{VARIABLE}} or ${{VARIABLE:-default}}")
        return _value(form[1], form[2], environment)

    return _PLACE.sub(value, text)


def _value(name: str, default: str | None, environment: Mapping[str, str]) -> str:
    if default is not None:
        return environment.get(name) or default
    if name not in environment:
        raise ValueError(f"the variable {name} is not set: export it, or give a default with ${{{name}:-default}}")
    return environment[name]
