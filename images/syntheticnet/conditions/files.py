"""Uploaded traces and tables that conditions refer to: kept as text, parsed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from . import DIRECTIONS, Conditions, ConditionsError, LinkConditions
from .file_values import file_units, file_values
from .units import file
from .uploads import refuse_crowd, size_of

T = TypeVar("T")

_NAME = file("file", str)


class Files:
    """Files by name, within the limits of `conditions.uploads`; uploading a name again replaces the file."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self._texts: dict[str, str] = dict(texts or {})
        self._parsed: dict[tuple[str, Callable[[str], Any]], Any] = {}

    def put(self, name: str, text: str) -> None:
        """Store `text` as `name`; raises ConditionsError for an invalid name or if there is no room."""
        try:
            _NAME.parse(name)
        except ValueError as error:
            raise ConditionsError(str(error)) from None
        refuse_crowd({**self.sizes(), name: size_of(text)}, name)
        self._texts[name] = text
        self._forget(name)

    def remove(self, name: str) -> None:
        """Remove a file; raises ConditionsError if there is none."""
        self.text(name)
        del self._texts[name]
        self._forget(name)

    def parsed(self, name: str, parse: Callable[[str], T]) -> T:
        """The file's content, parsed by `parse` and cached; raises ConditionsError if it is unknown or invalid."""
        key = (name, parse)
        if key not in self._parsed:
            text = self.text(name)
            try:
                self._parsed[key] = parse(text)
            except ValueError as error:
                raise ConditionsError(str(error), name) from None
        value: T = self._parsed[key]
        return value

    def texts(self) -> dict[str, str]:
        return dict(self._texts)

    def sizes(self) -> dict[str, int]:
        """The size of each file in bytes."""
        return {name: size_of(text) for name, text in self._texts.items()}

    def check(self, conditions: Conditions) -> None:
        """Raise ConditionsError, with its location, unless each file referred to exists and parses."""
        for place, link in _links(conditions):
            for item, value in link.named():
                unit = file_units().get(item.metadata["name"])
                if unit and unit.read:
                    self._check(value, unit.read, f"{place}.{item.metadata['name']}")

    def text(self, name: str) -> str:
        """The text of a file; raises ConditionsError if there is none."""
        if name not in self._texts:
            raise ConditionsError(f"no such file; uploaded files: {', '.join(self._texts) or 'none'}", name)
        return self._texts[name]

    def _check(self, name: str, read: Callable[[str], Any], where: str) -> None:
        try:
            self.parsed(name, read)
        except ConditionsError as error:
            raise ConditionsError(str(error), where) from None

    def _forget(self, name: str) -> None:
        self._parsed = {key: value for key, value in self._parsed.items() if key[0] != name}


def named_files(written: Mapping[str, Any]) -> set[str]:
    """The names of the files that written conditions, or a change of them, refer to."""
    return {named.value for named in file_values(written)}


def _links(conditions: Conditions) -> Iterator[tuple[str, LinkConditions]]:
    for present in conditions.each_state():
        for prefix, owner in (("", present), *((f"flows.{flow.name}.", flow) for flow in present.flows)):
            for direction in DIRECTIONS:
                yield f"{prefix}{direction}", getattr(owner, direction)
