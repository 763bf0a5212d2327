"""Files of states, as `states:` in a stack holds them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from syntheticnet.conditions import ConditionsError, parse_states

from .local_files import take_local
from .yaml import read_yaml

NONE = "none"


class StatesFile(NamedTuple):
    """A change that sets states, and the contents of the traces and tables that they name."""

    change: Mapping[str, Any]
    files: Mapping[str, str]


def read_states(file: str) -> StatesFile:
    """The states in a file such as `good: {mean: 20s}`; `none` ends the walk. Raises WrongUse with file and line."""
    if file == NONE:
        return StatesFile({"states": None}, {})
    path, files = Path(file), dict[str, str]()
    node = take_local(read_yaml(path, file, {}), path.parent, files)
    written = node.plain()
    try:
        parse_states(written)
    except ConditionsError as error:
        node.wrong_at(error)
    return StatesFile({"states": written}, files)
