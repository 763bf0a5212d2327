"""`completion`: shell completion of commands and of names of labs, clients, flows, profiles and scenarios."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ...errors import WrongUse, no_such
from .. import console

VARIABLE = "_SYNTHLAB_COMPLETE"  # set by a shell that requests completions
SHELLS = ("bash", "zsh", "fish")

completion = typer.Typer(help="Install completion for your shell.")


def _complete_shells(incomplete: str) -> list[str]:
    return [shell for shell in SHELLS if shell.startswith(incomplete)]


ShellArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="SHELL",
        help=f"{', '.join(SHELLS)}; the current shell by default.",
        autocompletion=_complete_shells,
    ),
]


def words_before() -> list[str]:
    """Prepare for a shell's request for completions, and return the words before the one to complete.

    Empty if this is no such request.
    """
    if VARIABLE not in os.environ:
        return []
    from typer._click.shell_completion import get_completion_class
    from typer._completion_classes import completion_init

    completion_init()
    shell = get_completion_class(os.environ[VARIABLE].partition("_")[2])
    return [] if shell is None else shell(None, {}, "synthlab", VARIABLE).get_completion_args()[0]  # type: ignore[arg-type]


@completion.command("install")
def install(shell: ShellArgument = None) -> None:
    """Install completion for a shell.

    Takes effect in new shells.

    \b
    Example:
      synthlab completion install bash
    """
    from typer._completion_shared import install as install_completion

    name, path = install_completion(_chosen(shell), "synthlab", VARIABLE)
    console.print_line(f"completion for {name} is in {path}: start a new shell to use it")


@completion.command("show")
def show(shell: ShellArgument = None) -> None:
    """Print the completion script of a shell.

    \b
    Example:
      synthlab completion show fish > ~/.config/fish/completions/synthlab.fish
    """
    from typer._completion_shared import get_completion_script

    script = get_completion_script(prog_name="synthlab", complete_var=VARIABLE, shell=_chosen(shell))
    console.print_text(f"{script}\n")


def _chosen(shell: str | None) -> str:
    from typer._completion_shared import _get_shell_name

    name = shell or _get_shell_name() or ""
    if name not in SHELLS:
        raise WrongUse(no_such("completion for the shell", name, SHELLS))
    return name
