"""Who sees whom in a running lab, and waiting until all see all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from .errors import SynthlabError
from .lab import Lab
from .numbers import Numbers

POLL_S = 0.25


def unseen(numbers: Mapping[str, Numbers]) -> list[tuple[str, str]]:
    """Each pair of clients of which the first does not see the second's video."""
    return [
        (viewer, shown)
        for viewer, seen in numbers.items()
        for shown in numbers
        if shown != viewer and not seen.sees(shown)
    ]


def wait_for_media(lab: Lab, tell: Callable[[str], None], timeout_s: float) -> float:
    """Wait until every client sees every other's video; the seconds that it took. Raises SynthlabError."""
    start = time.monotonic()
    participants = lab.participants
    pairs = len(participants) * (len(participants) - 1)
    while missing := unseen(lab.numbers(participants)):
        waited = time.monotonic() - start
        if waited > timeout_s:
            viewer, shown = missing[0]
            more = f" (and {len(missing) - 1} more such pairs)" if len(missing) > 1 else ""
            raise SynthlabError(f"after {timeout_s:g} s {viewer} does not see {shown}'s video{more}")
        tell(f"video: {pairs - len(missing)}/{pairs} pairs see each other")
        time.sleep(POLL_S)
    return time.monotonic() - start
