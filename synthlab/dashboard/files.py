"""Which files a request may name: bundled ones, and those below the folder that the server was started in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from syntheticnet.conditions import FileValue

from .. import assets
from ..errors import WrongUse
from ..scenario.plan import Plan
from ..scenario.rights import acts
from ..stack import Stack
from ..stack.local_files import LocalFile, local_file, take_files
from ..stack.ownership import is_own
from ..stack.profiles import OWN, Profile, find_profile
from ..stack.rights import stack_acts
from .failures import NotAllowed

ALLOW = '"allow_host": true'


@dataclass(frozen=True, slots=True)
class ServedFolder:
    """The folder; nothing outside it is read, not through symbolic links either."""

    path: Path

    def checked(self, name: str) -> str:
        """A stack or scenario by a name that its reader finds; raises NotAllowed for a file outside the folder."""
        if "\0" in name or not name:
            raise WrongUse(f"{name!r} is not the name of a file")
        # What is no file here can only be a bundled name, or a mistake that its reader reports.
        if Path(name).is_absolute() or ".." in Path(name).parts or _exists(self.path / name):
            self._refuse_outside(self.path / name, name)
            if _exists(self.path / name) and not (self.path / name).is_file():
                raise WrongUse(f"{name} is not a file")  # reading a pipe would never end
            return os.path.relpath(self.path / name)
        return name

    def refuse_foreign(self, source: Path | None, shown_as: str) -> None:
        """Raise NotAllowed for a stack that a scenario names, if it is neither below the folder nor bundled."""
        if source and not source.resolve().is_relative_to(assets.stacks().resolve()):
            self._refuse_outside(source, shown_as)

    def profile(self, name: str) -> Profile:
        """A bundled profile, or one in a file below the folder. Raises WrongUse."""
        if OWN in name:
            self.checked(name.rpartition(OWN)[0])
        return find_profile(name, self.path)

    def with_files(self, change: Mapping[str, Any], files: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """The change with the names of its files, and their texts: traces and tables below the folder."""
        texts = dict(files)
        return take_files(change, self._find, texts), texts

    def _find(self, named: FileValue) -> LocalFile | None:
        if isinstance(named.value, str):
            self.checked(named.value)
        return local_file(named.value, named.unit, _refuse, self.path)

    def _refuse_outside(self, file: Path, shown_as: str) -> None:
        if not file.resolve().is_relative_to(self.path.resolve()):
            raise NotAllowed(f"{shown_as}: outside the folder that the server was started in; allowed: files below it")


def refuse_strange_stack(stack: Stack) -> None:
    """Raise NotAllowed if a stack that is not the user's own acts with the user's rights."""
    _refuse_acts(stack_acts(stack), stack.source)


def refuse_strange_plan(plan: Plan) -> None:
    """The same for a scenario and its stack."""
    for source in (plan.scenario.source, plan.scenario.stack.source):
        _refuse_acts(acts(plan), source)


def _refuse_acts(lines: Iterable[str], source: Path | None) -> None:
    first = next(iter(lines), None)
    if source and first and not is_own(source):
        raise NotAllowed(f"{first}: {source} is outside your project; allow it with {ALLOW}")


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:  # a name too long for the file system
        return False


def _refuse(message: str) -> NoReturn:
    raise WrongUse(message)
