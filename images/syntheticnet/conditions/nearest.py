"""The word that is probably meant in the place of one that is none."""

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
"""What conditions are called elsewhere: in tc-netem, in tbf and in browsers' tools."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """One of `names` that is like `name`, if any is; of those that are as much like it, one that begins as it does."""
    near = get_close_matches(name, list(names), n=LIKELY)
    return max(near, key=lambda other: _likeness(name, other), default=None)


def nearest_condition(name: str, names: Iterable[str]) -> str | None:
    """The condition that is meant: by what it is called elsewhere, or one that is like it."""
    known = list(names)
    word = name.lower().replace("-", "_")
    return CONDITION_WORDS[word] if CONDITION_WORDS.get(word) in known else nearest(word, known)


def _likeness(name: str, other: str) -> tuple[float, int]:
    begins_alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(name, other, strict=False)))
    return SequenceMatcher(None, other, name).ratio(), begins_alike
