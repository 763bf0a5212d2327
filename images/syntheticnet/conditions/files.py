"""Uploaded traces and tables that conditions refer to: kept as they are, parsed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, TypeVar

from . import DIRECTIONS, Conditions, ConditionsError, LinkConditions
from .file_values import file_units, file_values
from .traces import FileContent
from .units import file
from .uploads import refuse_crowd

T = TypeVar("T")

_NAME = file("file", str)


class Files:
    """Files by name, within the limits of `conditions.uploads`; uploading a name again replaces the file.

    `contents` is where they are kept: by default in this process.
    """

    def __init__(self, contents: MutableMapping[str, FileContent] | None = None) -> None:
        self._contents: MutableMapping[str, FileContent] = {} if contents is None else contents
        self._parsed: dict[tuple[str, Callable[[FileContent], Any]], Any] = {}

    def put(self, name: str, content: FileContent) -> None:
        """Store `content` as `name`; raises ConditionsError for an invalid name or if there is no room."""
        self.refuse(name, len(content))
        self._contents[name] = content
        self._forget(name)

    def refuse(self, name: str, size: int) -> None:
        """Raise ConditionsError if a file of this name and size (bytes) could not be stored."""
        try:
            _NAME.parse(name)
        except ValueError as error:
            raise ConditionsError(str(error)) from None
        refuse_crowd({**self.sizes(), name: size}, name)

    def remove(self, name: str) -> None:
        """Remove a file; raises ConditionsError if there is none."""
        self.content(name)
        del self._contents[name]
        self._forget(name)

    def parsed(self, name: str, parse: Callable[[FileContent], T]) -> T:
        """The file's content, parsed by `parse` and cached; raises ConditionsError if it is unknown or invalid."""
        key = (name, parse)
        if key not in self._parsed:
            content = self.content(name)
            try:
                self._parsed[key] = parse(content)
            except ValueError as error:
                raise ConditionsError(str(error), name) from None
        value: T = self._parsed[key]
        return value

    @property
    def contents(self) -> Mapping[str, FileContent]:
        return self._contents

    def sizes(self) -> dict[str, int]:
        """The size of each file in bytes."""
        return {name: len(content) for name, content in self._contents.items()}

    def check(self, conditions: Conditions) -> None:
        """Raise ConditionsError, with its location, unless each file referred to exists and parses."""
        for place, link in _links(conditions):
            for item, value in link.named():
                unit = file_units().get(item.metadata["name"])
                if unit and unit.read:
                    self._check(value, unit.read, f"{place}.{item.metadata['name']}")

    def content(self, name: str) -> FileContent:
        """The content of a file; raises ConditionsError if there is none."""
        if name not in self._contents:
            raise ConditionsError(f"no such file; uploaded files: {', '.join(self._contents) or 'none'}", name)
        return self._contents[name]

    def _check(self, name: str, read: Callable[[FileContent], Any], where: str) -> None:
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
