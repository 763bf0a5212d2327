"""Suggestions for misspelled names and for condition names of other tools."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from itertools import takewhile

LIKELY = 5

CONDITION_WORDS = {
    "delay": "latency",
    "lag": "latency",
    "ping": "latency",
    "rtt": "latency",
    "bandwidth": "rate",
    "bitrate": "rate",
    "speed": "rate",
    "throughput": "rate",
    "tbf": "rate",
    "limit": "queue",
    "buffer": "queue",
    "backlog": "queue",
    "burst": "loss_burst",
    "drop": "loss",
    "drops": "loss",
    "lost": "loss",
    "packet_loss": "loss",
    "gemodel": "loss_gemodel",
    "state": "loss_state",
    "gap": "reorder_gap",
    "offline": "outage",
    "blackhole": "outage",
    "dist": "distribution",
    "shuffle": "reorder",
}
"""Names used by other tools (tc-netem, tbf, browsers), and the condition each one means here."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The most similar of `names`, if any is close; of equally similar ones, that with the longest common prefix.

    If none is close, the only one that begins with `name`.
    """
    known = list(names)
    near = get_close_matches(name, known, n=LIKELY)
    return max(near, key=lambda other: _likeness(name, other), default=_completed(name, known))


def nearest_condition(name: str, names: Iterable[str]) -> str | None:
    """The probable condition: by its name in other tools, else the most similar one."""
    known = list(names)
    word = name.lower().replace("-", "_")
    return CONDITION_WORDS[word] if CONDITION_WORDS.get(word) in known else nearest(word, known)


def _completed(name: str, names: list[str]) -> str | None:
    longer = [other for other in names if name and other.startswith(name)]
    return longer[0] if len(longer) == 1 else None


def _likeness(name: str, other: str) -> tuple[float, int]:
    begins_alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(name, other, strict=False)))
    return SequenceMatcher(None, other, name).ratio(), begins_alike
