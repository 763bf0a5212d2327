"""What `ping --full` says is set along a path."""

from __future__ import annotations

import pytest

from syntheticnet.conditions import LinkConditions
from synthlab.cli.commands.ping import _set

pytestmark = pytest.mark.issue(15)


def test_values_are_shown_as_in_files() -> None:
    """A switch is `true`, as in a stack file and in `show`."""
    link = LinkConditions.from_dict({"latency": "40ms", "jitter": "5ms", "reordering": True})
    assert _set([("a egress", link)]) == "a egress latency 40ms, jitter 5ms, reordering true"
    assert _set([]) == "nothing"
