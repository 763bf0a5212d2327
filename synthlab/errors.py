"""What synthlab tells its user when something cannot be done: one line, and the exit status that goes with it."""

from __future__ import annotations

from collections.abc import Iterable

from .text.escaping import shown, shown_log


class SynthlabError(Exception):
    """The lab or the engine failed. `message` is the one line; `details` are lines to show under it (a log's end).

    Both may hold what strangers have written, and are made fit to be shown.
    """

    exit_code = 3

    def __init__(self, message: str, details: Iterable[str] = ()) -> None:
        self.message = shown(message)
        self.details = tuple(map(shown_log, details))
        super().__init__(self.message)


class WrongUse(SynthlabError):
    """A mistake in what the user wrote: a flag, a name, a stack file. Nothing was started or changed."""

    exit_code = 2


class ExpectationFailed(SynthlabError, AssertionError):
    """Everything worked, and what was expected of it did not hold: for test runners a failure, not an error."""

    exit_code = 1


class Inconclusive(ExpectationFailed):
    """It did not hold, in a lab that was too slow to judge it: that says nothing of what was tested."""

    exit_code = 3


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`; did you mean client2?` when one of `names` is near, else nothing: to be put behind an error's line."""
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
    """The same for a condition, which may also be called as it is elsewhere: `limit` for queue."""
    from syntheticnet.conditions import nearest_condition

    near = nearest_condition(name, names)
    return f"; did you mean {near}?" if near else ""
