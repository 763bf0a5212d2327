"""How a command line is written: the usage line of its help, and where a command begins that `exec` runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.core import TyperArgument, TyperCommand

_VALUED = ("--lab",)  # the options of `exec` that take a value


class Command(TyperCommand):
    """A command whose usage line shows arguments as is usual: in brackets what may be left out, dots after several."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        arguments = [one for one in self.get_params(ctx) if isinstance(one, TyperArgument)]
        return [*([self.options_metavar] if self.options_metavar else []), *map(_written, arguments)]


def _written(argument: TyperArgument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    several = "..." if argument.nargs != 1 and not name.endswith("...") else ""
    return f"{name if argument.required else f'[{name}]'}{several}"


def with_dashes(arguments: list[str]) -> list[str]:
    """The arguments of `exec CLIENT COMMAND...` with `--` before the command: what follows that is the command's."""
    words = list(_own_words(arguments))
    if len(words) < 3 or arguments[words[0]] != "exec":
        return arguments
    return [*arguments[: words[2]], "--", *arguments[words[2] :]]


def _own_words(arguments: list[str]) -> Iterator[int]:
    """The places of words that are neither options of ours nor their values, up to `--`."""
    value = False
    for position, argument in enumerate(arguments):
        if argument == "--":
            return
        if not value and not argument.startswith("-"):
            yield position
        value = argument in _VALUED
