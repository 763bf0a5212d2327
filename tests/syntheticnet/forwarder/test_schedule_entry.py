"""Entry: when a requested change applies, and for how long."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from syntheticnet.conditions import ConditionsError
from syntheticnet.forwarder.schedule_entry import ChangeRequest, Entry

from ..builders import MS, SECOND, exactly

NOW = 1000 * SECOND
HOUR = 3600 * SECOND


def entry(at: int | None, lease: int | None) -> Entry:
    """An entry requested at NOW for `at` ns later, now if that is None."""
    return Entry.requested(7, ChangeRequest(change={}), NOW, None if at is None else NOW + at, lease)


@pytest.mark.parametrize(
    ("at", "lease", "line"),
    [
        (-SECOND - 1, None, "at: is 1.0 s in the past; at most 1 s allowed"),
        (HOUR + SECOND, None, "at: is 3601 s ahead; at most 3600 s allowed"),
        (None, 50 * MS, "lease: 0.05 s is not between 0.1 s and 1 h"),
        (None, HOUR + SECOND, "lease: 3601 s is not between 0.1 s and 1 h"),
    ],
)
def test_times_have_bounds(at: int | None, lease: int | None, line: str) -> None:
    """At most 1 h ahead, at most 1 s late; leases from 0.1 s to 1 h."""
    with pytest.raises(ConditionsError, match=exactly(line)):
        entry(at, lease)
    for at, lease in ((-SECOND, None), (HOUR, None), (None, 100 * MS), (None, HOUR)):
        assert entry(at, lease).at_ns == NOW + (at or 0)


def test_renewing_extends_from_now_or_from_the_start() -> None:
    """A future lease is extended from its start, one in force from now; a permanent change is refused."""
    assert entry(5 * SECOND, SECOND).renewed(2 * SECOND, NOW).expires_ns == NOW + 7 * SECOND
    assert entry(None, SECOND).renewed(2 * SECOND, NOW + SECOND // 2).expires_ns == NOW + 2 * SECOND + SECOND // 2
    line = exactly("7 is a permanent scheduled change; only leases can be extended")
    with pytest.raises(ConditionsError, match=line):
        entry(SECOND, None).renewed(SECOND, NOW)
    with pytest.raises(ConditionsError, match=exactly("lease: 0.05 s is not between 0.1 s and 1 h")):
        entry(None, SECOND).renewed(50 * MS, NOW)


def test_what_is_saved_can_be_read_back() -> None:
    """As JSON values, the form in which the next forwarder gets it."""
    saved = entry(SECOND, SECOND)
    assert Entry.from_dict(asdict(saved)) == saved
