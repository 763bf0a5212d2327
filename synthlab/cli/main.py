"""The `synthlab` command. Each command imports the heavy libraries it needs, so that help is fast."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ..assets import own_version
from ..control.backend import Backend, make_backend
from ..errors import SynthlabError, WrongUse
from ..interrupts import Terminated, unwind_on_signals
from . import console, usage
from .command_tree import add_commands, has_command
from .commands import completion

INTERRUPTED = 130
DEBUG = "--debug"
_LOST_OUTPUT = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

# The base class of all of typer's errors about arguments; it has no public name.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def _print_version(requested: bool) -> None:
    if requested:
        console.print_text(f"synthlab {own_version()}\n")
        raise typer.Exit


def _options(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[  # noqa: ARG001 - handled by main, anywhere on the line
        bool, typer.Option(DEBUG, help="Show tracebacks of errors. Allowed anywhere.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        console.print_text(context.get_help() + "\n")
        raise typer.Exit(WrongUse.exit_code)


def make_app(arguments: Sequence[str] = ()) -> typer.Typer:
    """The whole command line, or, to start faster, only the command that `arguments` name."""
    app = typer.Typer(
        name="synthlab",
        help="Break the network under a real call, and see what every participant sees.",
        cls=usage.Group,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_options)
    named = next((argument for argument in arguments if argument != DEBUG), None)
    add_commands(app, named if has_command(named) else None)
    return app


def main(arguments: Sequence[str] | None = None, backend: Backend | None = None) -> int:
    """Run one command. Returns the exit status: 0, 1 (expectation failed), 2 (wrong use), 3 (lab or engine), 130."""
    own, foreign = _split(list(sys.argv[1:] if arguments is None else arguments))
    debug = DEBUG in own
    if arguments is None:
        _skip_unused_imports()
    unwind_on_signals()
    to_complete = completion.words_before()
    try:
        outcome = make_app(to_complete or own)(
            [argument for argument in own if argument != DEBUG] + foreign,
            prog_name="synthlab",
            # Errors come here, as one line, in place of typer's own boxes and exit.
            standalone_mode=False,
            obj=backend or make_backend("command"),
        )
        # Now, not at exit: Python itself would report a full disk with a traceback.
        sys.stdout.flush()
    except Terminated as terminated:
        return terminated.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except (SynthlabError, _UsageError) as error:
        if debug:
            traceback.print_exc()
        return _report_error(error)
    except OSError as error:
        # Lost output is an error of a stream, which has no file name. Anything else is a fault of ours: show where it
        # is.
        if debug or error.filename is not None or error.errno not in _LOST_OUTPUT:
            raise
        return _without_output(error)
    return outcome if isinstance(outcome, int) else 0


def _skip_unused_imports() -> None:
    """Let httpx leave out its own command line and trio, which it imports where they are installed: 0.1 s for nothing.

    Both are optional to it. Only for our own process: a program that imports synthlab may use them.
    """
    for name in ("httpx._main", "trio"):
        sys.modules[name] = None  # type: ignore[assignment]  # an import then raises ImportError


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our arguments, and those of the command that `exec` runs: everything from `--` on."""
    arguments = usage.with_dashes(arguments)
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:end], arguments[end:]


def _without_output(error: OSError) -> int:
    """Handle a full disk, which is reported, or a reader that has exited, which is not."""
    console.drop_output()
    if isinstance(error, BrokenPipeError):
        return 0
    return _report_error(SynthlabError(f"cannot write the output: {error.strerror}"))


def _report_error(error: Exception) -> int:
    reported = error if isinstance(error, SynthlabError) else _from_typer(error)
    console.print_error(reported)
    return reported.exit_code


def _from_typer(error: Any) -> SynthlabError:
    """An error about arguments as one line that points to the help."""
    command = error.ctx.command_path if error.ctx else "synthlab"
    return WrongUse(f"{usage.mistake(error)} (see `{command} --help`)")
