"""The usage line of a command's help: `synthlab set [OPTIONS] CLIENT...`."""

from __future__ import annotations

from typing import Any

from typer.core import TyperArgument, TyperCommand


class Command(TyperCommand):
    """A command whose usage line shows arguments as is usual: in brackets what may be left out, dots after several."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        arguments = [one for one in self.get_params(ctx) if isinstance(one, TyperArgument)]
        return [*([self.options_metavar] if self.options_metavar else []), *map(_written, arguments)]


def _written(argument: TyperArgument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    several = "..." if argument.nargs != 1 and not name.endswith("...") else ""
    return f"{name if argument.required else f'[{name}]'}{several}"
