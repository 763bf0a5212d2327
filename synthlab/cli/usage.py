"""Adapts typer's commands: usage lines, grouped help, switches with values, and the command after `exec`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup

from ..errors import condition_meant

SWITCH_WORDS = {"true": "on", "yes": "on", "on": "on", "false": "off", "no": "off", "off": "off"}
_VALUED = ("--lab",)  # the options of `exec` that take a value


class Command(TyperCommand):
    """A command whose usage line follows the convention: optional arguments in brackets, `...` after repeatable ones.

    A switch such as `--ecn/--no-ecn` also takes a word: `--ecn false`.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        switches = {name: other for one in self.get_params(ctx) for name, other in _switches(one)}
        parsed: list[str] = super().parse_args(ctx, list(_switched(args, switches)))
        return parsed

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        arguments = [one for one in self.get_params(ctx) if isinstance(one, TyperArgument)]
        return [*([self.options_metavar] if self.options_metavar else []), *map(_format_argument, arguments)]


class Group(TyperGroup):
    """Lists commands with their full summaries under the headings they were registered with."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        width = max(map(len, self.commands))
        for heading, names in self._by_heading().items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), summary(self.commands[name])) for name in names])

    def _by_heading(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for name, command in self.commands.items():
            panel = getattr(command, "rich_help_panel", None)
            names.setdefault(panel if isinstance(panel, str) else "Commands", []).append(name)
        return names


def summary(command: Any) -> str:
    """The first line of a command's help."""
    return str(command.help or "").strip().partition("\n")[0]


def mistake(error: Any) -> str:
    """An error about arguments, on one line; if another tool's name for a condition was used, it suggests ours."""
    text = " ".join(error.format_message().split())
    name = getattr(error, "option_name", "")
    ours = [option[2:] for one in error.ctx.command.params for option in one.opts] if name and error.ctx else []
    near = condition_meant(name.lstrip("-"), [option.replace("-", "_") for option in ours])
    return f"No such option: {name}{near.replace('_', '-').replace('mean ', 'mean --')}" if near else text


def _switches(option: Any) -> Iterator[tuple[str, str]]:
    """The names of a switch, each with its opposite."""
    if getattr(option, "is_flag", False) and option.secondary_opts:
        yield from ((name, option.secondary_opts[0]) for name in option.opts)


def _switched(arguments: list[str], switches: Mapping[str, str]) -> Iterator[str]:
    """The arguments with `--ecn false` replaced by `--no-ecn`, and `--ecn true` by `--ecn`."""
    pending = ""
    for argument in arguments:
        name, equals, word = argument.partition("=")
        if pending:
            state = SWITCH_WORDS.get(argument.lower(), "")
            yield switches[pending] if state == "off" else pending
            pending = ""
            if state:
                continue
        if argument in switches:
            pending = argument
        elif equals and name in switches and word.lower() in SWITCH_WORDS:
            yield switches[name] if SWITCH_WORDS[word.lower()] == "off" else name
        else:
            yield argument
    if pending:
        yield pending


def _format_argument(argument: TyperArgument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    several = "..." if argument.nargs != 1 and not name.endswith("...") else ""
    return f"{name if argument.required else f'[{name}]'}{several}"


def with_dashes(arguments: list[str]) -> list[str]:
    """For `exec CLIENT COMMAND...`, insert `--` before the command, so that its options are not taken for ours."""
    words = list(_own_words(arguments))
    if len(words) < 3 or arguments[words[0]] != "exec":
        return arguments
    return [*arguments[: words[2]], "--", *arguments[words[2] :]]


def _own_words(arguments: list[str]) -> Iterator[int]:
    """The positions, up to `--`, of words that are neither our options nor their values."""
    value = False
    for position, argument in enumerate(arguments):
        if argument == "--":
            return
        if not value and not argument.startswith("-"):
            yield position
        value = argument in _VALUED
