"""The exceptions of synthlab: each is one line for the user and an exit status."""

from __future__ import annotations

from collections.abc import Iterable

from .text.durations import seconds_of
from .text.escaping import shown, shown_log


class SynthlabError(Exception):
    """The lab or the engine failed. `message` is one line; `details` are lines to show below it, such as a log's end.

    Both may contain untrusted text and are escaped here, so that no caller can forget it.
    """

    exit_code = 3

    def __init__(self, message: str, details: Iterable[str] = ()) -> None:
        self.message = shown(message)
        self.details = tuple(map(shown_log, details))
        super().__init__(self.message)


class WrongUse(SynthlabError):
    """Invalid input: a flag, a name, a stack file. Nothing was started or changed."""

    exit_code = 2


class ExpectationFailed(SynthlabError, AssertionError):
    """The lab worked but an expectation was not met; test runners count it as a failure, not an error."""

    exit_code = 1


class Inconclusive(ExpectationFailed):
    """An expectation was not met, but the machine was too slow to judge it."""

    exit_code = 3


class TooLate(SynthlabError):
    """This machine was too slow to reach a client in time: `change`, which it asked for, came `late_ns` too late."""

    def __init__(self, client: str, late_ns: int, change: str = "the change") -> None:
        super().__init__(
            f"{client}: {change} was {seconds_of(late_ns):.1f} s late: this machine is too slow or too busy"
        )
        self.client, self.late_ns = client, late_ns


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`; did you mean client2?` if one of `names` is close, else ``: a suffix for error messages."""
    from syntheticnet.conditions import nearest

    near = nearest(name, names)
    return f"; did you mean {near}?" if near else ""


def no_such(what: str, name: str, known: Iterable[str], also: Iterable[str] = (), where: str = "") -> str:
    """`no client 'cleint2' in lab 'call'; did you mean client2?`, or, where no name is near, all that are `known`.

    Names in `also` can be meant too, and are not listed.
    """
    names = list(known)
    hint = did_you_mean(name, dict.fromkeys([*names, *also])) or f"; there are: {', '.join(names) or 'none'}"
    return f"no {what} '{name}'{where}{hint}"


def condition_meant(name: str, names: Iterable[str]) -> str:
    """The same for a condition, which may also be known by another tool's name: `limit` for queue."""
    from syntheticnet.conditions import nearest_condition

    near = nearest_condition(name, names)
    return f"; did you mean {near}?" if near else ""
