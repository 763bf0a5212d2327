"""The flags of `set`, generated from the schema: a condition added there needs no edit here."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import Field
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from syntheticnet.conditions import DIRECTIONS, FileValue, condition_fields

from ..errors import WrongUse
from ..stack import local_files
from ..stack.local_files import LocalFile, local_file

if TYPE_CHECKING:
    from ..stack.netem import Translation

CLEAR = "none"

F = TypeVar("F", bound=Callable[..., Any])


def with_condition_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Add one option per condition to `command`, which receives those used as the mapping `values`.

    If a value is a local file, `values` has its name and `files` its text.
    """
    own = inspect.signature(command, eval_str=True)
    made = [_parameter(item) for item in condition_fields()]
    names = {parameter.name: _name(item) for parameter, item in zip(made, condition_fields(), strict=True)}

    @functools.wraps(command)
    def taking_flags(**given: Any) -> None:
        flags = {names[key]: given.pop(key) for key in list(given) if key in names}
        named, files = take_files({name: value for name, value in flags.items() if value is not None})
        command(**given, values=read_values(named), files=files)

    kept = [parameter for parameter in own.parameters.values() if parameter.name not in ("values", "files")]
    # typer reads the parameters from the signature, and their types from the annotations.
    taking_flags.__signature__ = inspect.Signature([*kept, *made])  # type: ignore[attr-defined]
    taking_flags.__annotations__ = {parameter.name: parameter.annotation for parameter in (*kept, *made)}
    return taking_flags


def take_files(written: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values with paths of local files replaced by file names, and the text of each file by name.

    Raises WrongUse for a file that cannot be read or has the wrong format.
    """
    files: dict[str, str] = {}
    return local_files.take_files(written, _find_file, files), files


def read_values(written: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a change; `none` clears a value. Raises WrongUse for an invalid one."""
    units = {_name(item): item.metadata["unit"] for item in condition_fields()}
    values: dict[str, Any] = {}
    for name, value in written.items():
        values[name] = None if value == CLEAR else value
        try:
            units[name].parse(value) if value != CLEAR else None
        except ValueError as error:
            refuse_flag(name, f"{error}; none clears it")
    return values


def refuse_flag(name: str, message: str) -> NoReturn:
    """Raise WrongUse for a flag's value."""
    raise WrongUse(f"--{_flag(name)}: {message}")


def translate_flag(name: str, text: str) -> Translation:
    """What a flag says in tc's words; raises WrongUse with the flag."""
    from ..stack.netem import translate

    try:
        return translate(text)
    except WrongUse as error:
        refuse_flag(name, error.message)


def chosen_directions(ingress: bool, egress: bool) -> tuple[str, ...]:
    """The directions that the two flags select; both if neither is given."""
    return tuple(name for name, chosen in zip(DIRECTIONS, (ingress, egress), strict=True) if chosen) or DIRECTIONS


def _find_file(named: FileValue) -> LocalFile | None:
    return local_file(named.value, named.unit, functools.partial(refuse_flag, named.place[0]))


def _parameter(item: Field[Any]) -> inspect.Parameter:
    flag = f"--{_flag(_name(item))}"
    help = _sentence(item.metadata["help"]) + _requirement(item)
    annotation: Any
    if item.metadata["unit"].name == "switch":
        annotation = Annotated[bool | None, typer.Option(f"{flag}/--no-{flag[2:]}", help=help)]
    else:
        metavar, choices = item.metadata["example"], item.metadata["unit"].choices
        complete = _completing((*choices, CLEAR)) if choices else None
        option = typer.Option(flag, metavar=metavar, help=help, autocompletion=complete)
        annotation = Annotated[str | None, option]
    return inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _requirement(item: Field[Any]) -> str:
    """The flags that it requires, as a sentence behind its help: " Requires --aqm codel or fq_codel."."""
    needs = " or ".join(f"--{_flag(name)}" for name in item.metadata["needs"])
    words = " or ".join(item.metadata["among"])
    return f" Requires {' '.join(filter(None, (needs, words)))}." if needs else ""


def _completing(choices: tuple[str, ...]) -> Callable[[str], list[str]]:
    """Completes one of these words."""

    def complete(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return complete


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _name(item: Field[Any]) -> str:
    return str(item.metadata["name"])


def _flag(name: str) -> str:
    return name.replace("_", "-")
