"""The parameters of requests, as the API's description has them."""

from __future__ import annotations

from dataclasses import dataclass

from ..conditions import DIRECTIONS
from .shape import Shape, one_of, text


@dataclass(frozen=True)
class Parameter:
    """A query parameter, or (`where` path) a part of the path."""

    name: str
    help: str
    shape: Shape
    where: str = "query"
    needed: bool = False


def _switch(name: str, help: str) -> Parameter:
    return Parameter(name, help, one_of("true", "false"))


def _duration(name: str, help: str, example: str, needed: bool = False) -> Parameter:
    # As the parser reads it; longer than a day is refused.
    return Parameter(name, help, text(example, pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})? ?(ms|s|min|h)$"), needed=needed)


WORD = "[a-z][a-z0-9-]{0,31}"
BY = Parameter("by", "who asks, in a word, for the history", text("page", pattern=f"^{WORD}$"))
CHANGE_PARAMETERS = (
    Parameter("at", "when, as a time of /v1/clock: at most 1 h ahead and 1 s late", text("81000000000000")),
    _duration("in", "after this long", "5s"),
    _duration("lease", "for this long (0.1 s to 1 h), then it reverts", "10s"),
    _switch("keep", "a replacement keeps leases and scheduled changes"),
    _switch("restore", "a replacement may contain values that have no effect"),
    _switch("check", "change nothing; answer what would be in force"),
    BY,
)
OPTIONS = tuple(parameter.name for parameter in CHANGE_PARAMETERS)
RENEWAL = _duration("for", "how long the lease lasts from now", "10s", needed=True)
STATS_AGE = _duration("age", "time since the values were measured", "120ms")
STATS_JUDGED = _switch("judged", "the values are judged: no pictures are taken for the next five seconds")
AFTER = Parameter("after", "the number of the last entry that is known", text("12", pattern="^[0-9]{1,15}$"))
PICTURE_CPU = _duration("cpu", "the CPU time that the picture took", "2ms")
PEER = Parameter("peer", "the name of a participant", text("client2"), "path", needed=True)
ONLY = Parameter("only", "names of events, separated by commas", text("state,traffic"))
FILE_NAME = Parameter("name", "the name of a file", text("lte.up"), "path", needed=True)
ENTRY_ID = Parameter("id", "the number of a lease or scheduled change", text("3"), "path", needed=True)
DIRECTION = Parameter("direction", "which direction", one_of(*DIRECTIONS), "path", needed=True)
PAGE_PATH = Parameter("path", "a file of the page", text("index.html"), "path", needed=True)
