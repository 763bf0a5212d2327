"""Waits until every client of a running lab has seen every other's video."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..control.running_lab import RunningLab
from ..control.webrtc_stats import FRESH_S, Stats
from ..errors import SynthlabError
from ..text.progress import Progress

POLL_S = 0.25
MOST_SHOWN = 6  # a large call without any video has hundreds of pairs
SHOWN = ("fps", "kbps", "frames", "lost")

Pair = tuple[str, str]


def unseen(stats: Mapping[str, Stats], pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs (viewer, sender) in which the viewer does not see the sender's video."""
    return [(viewer, shown) for viewer, shown in pairs if not stats[viewer].sees(shown)]


def wait_for_video(lab: RunningLab, progress: Progress, timeout_s: float) -> float:
    """Wait until every client has seen every other's video; returns the seconds this took.

    Proxies are left out: whether somebody takes part through one, and what they see, is not known here.

    Each pair counts once seen: with loss, video comes and goes, and all pairs may never be visible at the same moment.
    Raises SynthlabError with the missing pairs and their last stats.
    """
    start = time.monotonic()
    participants = [client for client in lab.callers() if not client.proxy]
    missing = list(itertools.permutations([client.name for client in participants], 2))
    pairs = len(missing)
    while missing:
        stats = lab.stats(participants)
        missing = unseen(stats, missing)
        progress(f"video: {pairs - len(missing)}/{pairs} pairs seen")
        if missing and time.monotonic() - start > timeout_s:
            raise SynthlabError(_timed_out(missing, pairs, timeout_s), _last_stats(stats, missing))
        time.sleep(POLL_S if missing else 0)
    return time.monotonic() - start


def _timed_out(missing: Sequence[Pair], pairs: int, timeout_s: float) -> str:
    viewer, shown = missing[0]
    count = f"{len(missing)} of {pairs} pairs {'is' if len(missing) == 1 else 'are'} missing"
    return f"after {timeout_s:g} s {viewer} has not seen {shown}'s video ({count}); last stats:"


def _last_stats(stats: Mapping[str, Stats], missing: Sequence[Pair]) -> Iterator[str]:
    """What each viewer receives from senders it has not seen, and what they send; for the first MOST_SHOWN pairs."""
    listed = missing[:MOST_SHOWN]
    for viewer, shown in listed:
        yield f"{viewer} receives from {shown}: {_video(stats[viewer], 'video', stats[viewer].video.get(shown))}"
    if len(missing) > len(listed):
        yield f"and {len(missing) - len(listed)} more pairs"
    for shown in dict.fromkeys(shown for _, shown in listed):
        yield f"{shown} sends: {_video(stats[shown], 'sent', stats[shown].sent.get('video'))}"


def _video(stats: Stats, field: str, values: Mapping[str, Any] | None) -> str:
    """The stats of one video; if there are none, how long ago its `field` was reported."""
    if values:
        return ", ".join(f"{name} {values[name]:g}" for name in SHOWN if name in values)
    age_s = stats.answer.get("age_s", {}).get(field)
    if age_s is None:
        return "no stats reported"
    return "nothing" if age_s <= FRESH_S else f"no stats reported for {age_s:.0f} s"
